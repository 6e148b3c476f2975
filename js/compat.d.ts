import type { GenerateRequest, ImageNumber, TaskRecord } from "./index.js";

/**
 * The class of the vendor's quick start, method for method, for its programs. It prints what that class prints. Every
 * method rejects with a `MidjourneyError`, whose message begins as that class has it. New programs use `Midjourney`.
 */
export class MidjourneyAPI {
  /**
   * @param apiKey the vendor's key, or a gateway's access token; undefined for a gateway that asks for none. In a
   *   browser a key is refused at the first call: `misconfigured`.
   */
  constructor(apiKey?: string, options?: { baseUrl?: string | undefined });

  /** Where the API is; `https://api.midapi.ai/api/v1/mj` unless a gateway's URL is assigned. */
  baseUrl: string;

  /**
   * Submits a task, once, and returns its id.
   *
   * @throws {MidjourneyError} as `Midjourney.generate` does
   */
  generateImage(options: GenerateRequest): Promise<string>;

  /**
   * Waits at most `maxWaitTime` milliseconds (600 000 unless told) and returns the links to the results.
   *
   * @throws {MidjourneyError} as `Midjourney.wait` does: `still_running` says "Generation timeout", and is no failure
   */
  waitForCompletion(taskId: string, maxWaitTime?: number): Promise<{ resultUrls: { resultUrl: string }[] }>;

  /**
   * The vendor's record of the task.
   *
   * @throws {MidjourneyError} as `Midjourney.record` does
   */
  getTaskStatus(taskId: string): Promise<TaskRecord>;

  /**
   * Submits the upscale of an image, counted from 1, and returns the new task's id.
   *
   * @throws {MidjourneyError} as `Midjourney.upscale` does
   */
  upscaleImage(taskId: string, index: ImageNumber): Promise<string>;
}

import type { GenerateRequest, TaskRecord } from "./index.js";

/** The class of the vendor's quick start, method for method. New programs use `Midjourney`. */
export class MidjourneyAPI {
  /**
   * @param apiKey the vendor's key, or a gateway's access token; undefined for a gateway that asks for none. In a
   *   browser a key is refused.
   */
  constructor(apiKey?: string, options?: { baseUrl?: string });

  /** Where the API is; `https://api.midapi.ai/api/v1/mj` unless a gateway's URL is assigned. */
  baseUrl: string;

  /** Submits a task and returns its id. */
  generateImage(options: GenerateRequest): Promise<string>;

  /** Waits at most `maxWaitTime` milliseconds (600 000 unless told) and returns the links to the results. */
  waitForCompletion(taskId: string, maxWaitTime?: number): Promise<{ resultUrls: { resultUrl: string }[] }>;

  /** The vendor's record of the task. */
  getTaskStatus(taskId: string): Promise<TaskRecord>;

  /** Submits the upscale of an image, counted from 1, and returns the new task's id. */
  upscaleImage(taskId: string, index: 1 | 2 | 3 | 4): Promise<string>;
}

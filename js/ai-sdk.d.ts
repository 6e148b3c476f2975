import type { Experimental_VideoModelV4, ImageModelV4, ProviderV4 } from "@ai-sdk/provider";
import type { CommonFields, Midjourney, MidjourneyError, MidjourneyOptions, Task, Version } from "./index.js";

/** What `providerOptions: { midjourney: … }` takes: a request's other fields, by the rules of `generate`, and the call's options. */
export interface MidjourneyProviderOptions extends Omit<Partial<CommonFields>, "prompt" | "aspectRatio" | "version"> {
  /** What to make; `mj_txt2img` unless told, and with files `mj_img2img`. */
  taskType?: "mj_txt2img" | "mj_img2img" | "mj_style_reference" | "mj_omni_reference";
  /** Weight of an omni reference, a whole number from 1 to 1000. */
  ow?: number;
  /** How much a video moves. */
  motion?: "high" | "low";
  /** Under one key a gateway makes one task. With `n` over 4 the calls would share it: leave it out. */
  idempotencyKey?: string;
  /** How long the task is waited for, in milliseconds: 30 minutes unless told. */
  timeout?: number;
}

/** The provider: `image` and `imageModel` are one, and so are `video` and `videoModel`. */
export interface MidjourneyProvider extends ProviderV4 {
  /** An image model, named by Midjourney's version. It makes four images a call. */
  image(version: Version): ImageModelV4;
  /** A video model, named by the task's type. It makes 1, 2 or 4 videos a call, of one image. */
  video(taskType: "mj_video" | "mj_video_hd"): Experimental_VideoModelV4;
  videoModel(taskType: string): Experimental_VideoModelV4;
}

/** What the provider needs beside the client. */
export interface MidjourneyProviderSettings {
  /** What downloads the results, in place of the client's own `fetch`: where that knows only a gateway. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /**
   * Sees every task when it is accepted, and after every look. Of several tasks of one call the SDK throws the first error and
   * drops the rest: keep the ids here.
   */
  onUpdate?: (task: Task) => void;
}

/** The error of results that couldn't be downloaded: the task is there and paid for. */
export interface DownloadError extends MidjourneyError {
  taskId: string;
  billed: "yes";
  /** Every result of the task. */
  urls: readonly string[];
}

/**
 * A provider over a client, or over a new one of these options. Everything that fails throws this package's
 * `MidjourneyError`, which the SDK passes on and never tries again: a submit is sent once, whatever `maxRetries` is. One whose
 * results couldn't be downloaded has the `taskId`, `billed: "yes"`, and the `urls`.
 */
export function createMidjourney(client: Midjourney | MidjourneyOptions, settings?: MidjourneyProviderSettings): MidjourneyProvider;

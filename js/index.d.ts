/** Width to height of the result. */
export type AspectRatio =
  | "1:2" | "9:16" | "2:3" | "3:4" | "5:6" | "6:5" | "4:3" | "3:2" | "1:1" | "16:9" | "2:1";

/** How fast, and how dear: a real relaxed task takes about 214 s, a fast one about 60 s. */
export type Speed = "relaxed" | "fast" | "turbo";

/** The Midjourney model. */
export type Version = "7" | "6.1" | "6" | "5.2" | "5.1" | "niji7" | "niji6";

interface CommonFields {
  /** 1 to 2000 characters. */
  prompt: string;
  /** How fast. */
  speed?: Speed;
  /** Width to height. */
  aspectRatio?: AspectRatio;
  /** The model. */
  version?: Version;
  /** Strength of Midjourney's own style, a whole number from 0 to 1000. */
  stylization?: number;
  /** How different the four images are, a whole number from 0 to 100. */
  variety?: number;
  /** How unusual, a whole number from 0 to 3000. */
  weirdness?: number;
  /** Whether the vendor translates the prompt to English. */
  enableTranslation?: boolean;
  /** A watermark to put in. */
  waterMark?: string;
  /** Where the vendor posts the result. */
  callBackUrl?: string;
}

/** The source images, one way or the other. */
type Files = { fileUrl: string; fileUrls?: never } | { fileUrl?: never; fileUrls: string[] };

/** The one source image of a video. */
type OneFile = { fileUrl: string; fileUrls?: never } | { fileUrl?: never; fileUrls: [string] };

interface VideoFields {
  /** How much the video moves. */
  motion?: "high" | "low";
  /** How many videos. */
  videoBatchSize?: 1 | 2 | 4;
}

/** Four images from text. */
export type TextToImageRequest = CommonFields & { taskType: "mj_txt2img" };

/** Four images from images and text. */
export type ImageToImageRequest = CommonFields & Files & { taskType: "mj_img2img" | "mj_style_reference" };

/** Four images that show the thing in an image. */
export type OmniReferenceRequest = CommonFields &
  Files & {
    taskType: "mj_omni_reference";
    /** Weight of the reference, a whole number from 1 to 1000. */
    ow?: number;
  };

/** Videos from one image. */
export type VideoRequest = CommonFields & OneFile & VideoFields & { taskType: "mj_video" | "mj_video_hd" };

/** What to generate. */
export type GenerateRequest = TextToImageRequest | ImageToImageRequest | OmniReferenceRequest | VideoRequest;

/** One image or video of a task. */
export interface ResultFile {
  /** Its number, counted from 1. */
  index: 1 | 2 | 3 | 4;
  /** Where it lies until the task's `expiresAt`. */
  url: string;
}

interface TaskFields {
  /** The handle: opaque. */
  taskId: string;
  /** The vendor's word for what the task does. */
  taskType?: string;
  /** The images; empty until the task succeeds. */
  images: ResultFile[];
  /** The videos; empty until the task succeeds. */
  videos: ResultFile[];
  /** When it was created, in milliseconds since 1970. */
  createdAt?: number;
}

/** A task that has not ended. */
export interface RunningTask extends TaskFields {
  state: "running";
  /** When it is likely to end, in milliseconds since 1970: an estimate. */
  expectedAt?: number;
}

/** A task that ended with results. */
export interface SucceededTask extends TaskFields {
  state: "succeeded";
  /** When it ended, in milliseconds since 1970. */
  completedAt?: number;
  /** When the vendor deletes the files, in milliseconds since 1970. */
  expiresAt?: number;
}

/** A task that ended without results. */
export interface FailedTask extends TaskFields {
  state: "failed";
  /** When it ended, in milliseconds since 1970. */
  completedAt?: number;
  /** The vendor's reason. */
  failure: { code?: number | string; message: string };
}

/** A task: plain data. Stored as JSON and loaded again, it can still be waited for. */
export type Task = RunningTask | SucceededTask | FailedTask;

/** A task, as returned or as loaded from storage, or its id. */
export type TaskHandle = string | { taskId: string; expectedAt?: number };

/** The vendor's record of a task, its known disagreements settled: times in milliseconds, the result an object. */
export interface TaskRecord {
  taskId: string;
  taskType: string | null;
  /** The request, as a JSON text. */
  paramJson: string | null;
  createTime: number | null;
  completeTime: number | null;
  resultInfoJson: { resultUrls: { resultUrl: string }[] } | null;
  /** 0 generating, 1 success, 2 failed, 3 created but generation failed. */
  successFlag: number;
  errorCode: number | string | null;
  errorMessage: string | null;
}

/** Options of every call. */
export interface CallOptions {
  /** Ends the call. A submit ended in flight may have been billed: the error's `billed` says "unknown". */
  signal?: AbortSignal;
}

/** Options of a wait. */
export interface WaitOptions extends CallOptions {
  /** Milliseconds until the error `still_running`, 30 minutes unless told. That is no failure: wait again. */
  timeout?: number;
  /** Called with the task after every look at it. */
  onUpdate?: (task: Task) => void;
}

/** Where the API is, and with which key. */
export interface MidjourneyOptions {
  /**
   * A gateway's address, such as "/api/v1/mj" in a page it serves. With an `apiKey` it is
   * `https://api.midapi.ai/api/v1/mj` unless told.
   */
  endpoint?: string;
  /** The vendor's key, on a server only. */
  apiKey?: string;
  /** Lets `apiKey` be used in a browser, where everyone can read it. */
  dangerouslyAllowBrowser?: boolean;
}

/** The client. */
export class Midjourney {
  /** @throws {MidjourneyError} `misconfigured` for an `apiKey` in a browser */
  constructor(options?: MidjourneyOptions);

  /** Submits a task, once: after an unclear answer it fails with `billed: "unknown"` and is not sent again. */
  generate(request: GenerateRequest, options?: CallOptions): Promise<RunningTask>;

  /** Submits the upscale of an image of a task, counted from 1: a task of its own. */
  upscale(task: TaskHandle, index: 1 | 2 | 3 | 4, options?: CallOptions): Promise<RunningTask>;

  /** The task as it stands now. */
  status(task: TaskHandle, options?: CallOptions): Promise<Task>;

  /** The vendor's own record of the task. */
  record(task: TaskHandle, options?: CallOptions): Promise<TaskRecord>;

  /** Waits for the task's end. Fails with `task_failed`, or with `still_running` when its time runs out. */
  wait(task: TaskHandle, options?: WaitOptions): Promise<SucceededTask>;

  /** `generate`, then `wait`. */
  run(request: GenerateRequest, options?: WaitOptions): Promise<SucceededTask>;
}

/** What went wrong, as a closed set. */
export type ErrorKind =
  | "invalid_request"
  | "unauthorized"
  | "insufficient_credits"
  | "not_found"
  | "rate_limited"
  | "maintenance"
  | "disabled"
  | "server_error"
  | "task_failed"
  | "still_running"
  | "network"
  | "bad_response"
  | "aborted"
  | "misconfigured";

/** Every failure of the package. */
export class MidjourneyError extends Error {
  private constructor();
  name: "MidjourneyError";
  kind: ErrorKind;
  /** The vendor's code or the HTTP status. */
  code?: number;
  /** The field of the request that is wrong. */
  field?: string;
  /** The task it is about. */
  taskId?: string;
  /** Whether the same call may be sent again later without the risk of paying twice. */
  retryable: boolean;
  /** Whether credits were spent; with "unknown", look before you send again. */
  billed: "no" | "yes" | "unknown";
  /** Seconds the server asks to wait. */
  retryAfter?: number;
}

/** Whether a caught value is such an error, even one of another copy of this package. */
export function isMidjourneyError(value: unknown): value is MidjourneyError;

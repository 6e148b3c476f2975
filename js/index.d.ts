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

/** One image or video of a task. It names its task, so it is all that `upscale`, `vary` and `extendVideo` need. */
export interface ResultFile {
  /** The task that made it. */
  taskId: string;
  /** Its number, counted from 1. */
  index: ImageNumber;
  /** Where it lies until the task's `expiresAt`. */
  url: string;
}

interface TaskFields {
  /** The handle: opaque. */
  taskId: string;
  /** The vendor's word for what the task does. */
  taskType?: string;
  /** How fast it was asked to be, if this package submitted it. */
  speed?: Speed;
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
  /** How long it is likely to take from now. */
  timeLeft?: TimeLeft;
}

/**
 * An estimate in milliseconds: of at least three of your own tasks of this kind the middle eight of ten; without them
 * half and double of what recorded traffic took.
 */
export interface TimeLeft {
  /** If it is quick. */
  min: number;
  /** If it is slow. */
  max: number;
  /** How many of your own tasks it comes from; 0 if none. */
  samples: number;
  estimate: true;
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
export type TaskHandle =
  | string
  | { taskId: string; taskType?: string; speed?: Speed; createdAt?: number; expectedAt?: number };

/** The number of an image or video, counted from 1 as people do. */
export type ImageNumber = 1 | 2 | 3 | 4;

/** A submit whose outcome nobody knows: plain data, to keep until `reconcile` has an answer. */
export interface UnknownSubmit {
  route: string;
  body: string;
  idempotencyKey: string;
}

/** Something the vendor accepts but that surely isn't meant. */
export interface Warning {
  /** The field it is about. */
  field: string;
  /** What is odd, and what would be right. */
  message: string;
}

/** What a task may cost, in credits. Nobody outside knows the vendor's prices: from what clients' tables have, unverified. */
export interface Estimate {
  min: number;
  max: number;
  estimate: true;
}

/** Credits by kind of task, each a whole number or a range. `change` is an upscale or a variation. */
export type Prices = Partial<
  Record<"relaxed" | "fast" | "turbo" | "video" | "videoHd" | "change", number | [min: number, max: number]>
>;

/** How long your tasks took, in milliseconds, by kind: plain data, to keep for the next client. */
export type History = Record<string, number[]>;

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

/** Options of a submit. */
export interface SubmitOptions extends CallOptions {
  /**
   * Under one key a gateway creates one task: 1 to 255 visible ASCII characters, a fresh one unless told. The vendor
   * knows no such keys, and gets none.
   */
  idempotencyKey?: string;
}

/** Options of an upscale or a variation. */
export interface ChangeOptions extends SubmitOptions {
  /** A watermark to put in. */
  waterMark?: string;
  /** Where the vendor posts the result. */
  callBackUrl?: string;
}

/** Options of a video's extension. */
export interface ExtendOptions extends ChangeOptions {
  /** What happens next, 1 to 2000 characters; without it Midjourney has its own idea. */
  prompt?: string;
}

/** Options of a wait. */
export interface WaitOptions extends CallOptions {
  /** Milliseconds until the error `still_running`, 30 minutes unless told. That is no failure: wait again. */
  timeout?: number;
  /** Called with the task after every look at it. */
  onUpdate?: (task: Task) => void;
}

/** Options of a submit that is waited for. */
export interface RunOptions extends WaitOptions, SubmitOptions {}

/** Options of a batch. */
export interface BatchOptions extends CallOptions {
  /** How many items are in flight at once: 1 to 100, 4 unless told. */
  concurrency?: number;
  /** Milliseconds that each item is waited for, 30 minutes unless told. */
  timeout?: number;
  /** Called with every running task, as it is accepted and after every look at it, and its item's number from 0. */
  onUpdate?: (task: RunningTask, index: number) => void;
}

/** An item of a batch: a request to submit, a task to wait for, or one of an earlier batch that must not be submitted. */
export type BatchItem = GenerateRequest | TaskHandle | { error: object };

/** What became of an item. */
export type BatchResult =
  | { index: number; request: BatchItem; task: SucceededTask; error?: undefined }
  | { index: number; request: BatchItem; task?: undefined; error: MidjourneyError };

/**
 * Many tasks at once, as an async iterator of what became of each, in the order they end. Leaving the loop submits
 * nothing more, and waits for submits on their way, so that their tasks are known.
 */
export class Batch implements AsyncIterableIterator<BatchResult> {
  private constructor();
  next(): Promise<IteratorResult<BatchResult, undefined>>;
  return(): Promise<IteratorResult<BatchResult, undefined>>;
  [Symbol.asyncIterator](): this;
  /** What is left to do: `batch` takes it again, here or in another process, and submits nothing a second time. */
  toJSON(): BatchItem[];
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
  /** What you know better of prices than `estimate` does. */
  prices?: Prices;
  /** What `history()` of an earlier client gave, for better estimates of time. */
  history?: History;
}

/** The client. */
export class Midjourney {
  /** @throws {MidjourneyError} `misconfigured` for an `apiKey` in a browser */
  constructor(options?: MidjourneyOptions);

  /**
   * Submits a task. After an unclear answer it fails with `billed: "unknown"` and is not sent again; a refusal that comes
   * before acceptance (429, 455, no connection) is tried up to three times within 60 s.
   *
   * @throws {MidjourneyError}
   */
  generate(request: GenerateRequest, options?: SubmitOptions): Promise<RunningTask>;

  /** Submits the upscale of an image: a task of its own. */
  upscale(image: ResultFile, options?: ChangeOptions): Promise<RunningTask>;
  /** Submits the upscale of an image of a task, counted from 1: a task of its own. */
  upscale(task: TaskHandle, index: ImageNumber, options?: ChangeOptions): Promise<RunningTask>;

  /** Submits variations of an image: a task of its own. */
  vary(image: ResultFile, options?: ChangeOptions): Promise<RunningTask>;
  /** Submits variations of an image of a task, counted from 1: a task of its own. */
  vary(task: TaskHandle, index: ImageNumber, options?: ChangeOptions): Promise<RunningTask>;

  /** Submits more of a video: a task of its own. */
  extendVideo(video: ResultFile, options?: ExtendOptions): Promise<RunningTask>;
  /** Submits more of a video of a task, counted from 1: a task of its own. */
  extendVideo(task: TaskHandle, index: ImageNumber, options?: ExtendOptions): Promise<RunningTask>;

  /** The task as it stands now. Tried up to three times within 60 s. */
  status(task: TaskHandle, options?: CallOptions): Promise<Task>;

  /** The vendor's own record of the task. */
  record(task: TaskHandle, options?: CallOptions): Promise<TaskRecord>;

  /** The account's credits; the vendor counts in fractions. A gateway may keep them to itself: `not_found`. */
  credits(options?: CallOptions): Promise<number>;

  /**
   * Waits for the task's end: looks near the expected end, then after 5 s growing by half to 30 s; in a hidden tab at
   * least 60 s apart, and at once when it is seen again or the network is back.
   *
   * @throws {MidjourneyError} `task_failed`, or `still_running` when its time runs out: no failure, wait again
   */
  wait(task: TaskHandle, options?: WaitOptions): Promise<SucceededTask>;

  /** `generate`, then `wait`. */
  run(request: GenerateRequest, options?: RunOptions): Promise<SucceededTask>;

  /**
   * The task of a submit whose outcome was unknown, from a gateway that says on its health route that it honours
   * idempotency keys. Any other server is sent nothing, and it stays `billed: "unknown"`.
   */
  reconcile(unknown: MidjourneyError | UnknownSubmit, options?: CallOptions): Promise<RunningTask>;

  /**
   * Runs many tasks at once: at most 20 submits within 10.5 s, as the vendor takes no more. Out of credits, or with a
   * refused key, it submits no more; every item settles exactly once.
   */
  batch(requests: Iterable<BatchItem> | Batch, options?: BatchOptions): Batch;

  /** What the vendor would accept but surely isn't meant. Nothing is sent. */
  lint(request: GenerateRequest): Promise<Warning[]>;

  /** What the request may cost. Nothing is sent. */
  estimate(request: GenerateRequest): Promise<Estimate>;

  /** How long this client's tasks took. */
  history(): Promise<History>;
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
  | "misconfigured"
  | "unverified"
  | "crashed";

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
  /** With `billed: "unknown"` of a submit through a gateway: what `reconcile` takes. */
  submit?: UnknownSubmit;
}

/** Whether a caught value is such an error, even one of another copy of this package. */
export function isMidjourneyError(value: unknown): value is MidjourneyError;

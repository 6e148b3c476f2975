// The sources of facts about the vendor: its quick start (Q), its reference pages (R), recorded traffic (T), other
// people's clients (C, unverified). What it leaves open is decided here, and said so.

/** What can be made: every `taskType` of a request. For a form's choices, and for checking what came out of one. */
export const taskTypes: readonly ["mj_txt2img", "mj_img2img", "mj_style_reference", "mj_omni_reference", "mj_video", "mj_video_hd"];

/** What to make. */
export type TaskType = (typeof taskTypes)[number];

/** Every aspect ratio. */
export const aspectRatios: readonly ["1:2", "9:16", "2:3", "3:4", "5:6", "6:5", "4:3", "3:2", "1:1", "16:9", "2:1"];

/** Width to height of the result (R). */
export type AspectRatio = (typeof aspectRatios)[number];

/** Every speed. */
export const speeds: readonly ["relaxed", "fast", "turbo"];

/** How fast, and how dear. Real tasks took about 214 s `"relaxed"` and 60 s `"fast"` (T). */
export type Speed = (typeof speeds)[number];

/** Every version. */
export const versions: readonly ["7", "6.1", "6", "5.2", "5.1", "niji7", "niji6"];

/** The Midjourney model. `"niji7"` stands in one restatement of the reference alone. */
export type Version = (typeof versions)[number];

/** The fields that every request has. What is left out the vendor decides. */
export interface CommonFields {
  /** 1 to 2000 characters (R), not all of them space. Midjourney's own flags, such as `--seed 7`, may stand in it (T). */
  prompt: string;
  /** How fast. Not needed for videos and omni reference (R). */
  speed?: Speed | undefined;
  /** Width to height. */
  aspectRatio?: AspectRatio | undefined;
  /** The model. */
  version?: Version | undefined;
  /** Strength of Midjourney's own style, a whole number from 0 to 1000 (Q). */
  stylization?: number | undefined;
  /** How different the four images are, a whole number from 0 to 100; the vendor suggests steps of 5 (R). */
  variety?: number | undefined;
  /** How unusual, a whole number from 0 to 3000; the vendor suggests steps of 100 (R). */
  weirdness?: number | undefined;
  /** Whether the vendor translates the prompt to English. Documented as off by default, stored as on (T): say which. */
  enableTranslation?: boolean | undefined;
  /** A watermark to put in. */
  waterMark?: string | undefined;
  /**
   * Where the vendor posts the result, or midapi's gateway in its place: an absolute http or https URL of at most 2048 bytes; at the
   * gateway https, to a host that the caller's token lists. See `midapi/webhooks`.
   */
  callBackUrl?: string | undefined;
}

/** No source image. */
interface NoFiles {
  fileUrl?: undefined;
  fileUrls?: undefined;
}

/** One source image. */
interface OneFile {
  /**
   * The source image: an absolute http or https URL of at most 2048 bytes, instead of `fileUrls`. Through a gateway that takes
   * uploads also a PNG, JPEG or WebP picture, as a `Blob`, a `File` or a `data:` URL: it is uploaded first.
   */
  fileUrl: string | Blob;
  fileUrls?: undefined;
}

/** Source images in a list. */
interface FilesInList<Urls extends readonly (string | Blob)[]> {
  fileUrl?: undefined;
  /** The source images, instead of `fileUrl`: absolute http or https URLs of at most 2048 bytes, or files like there. */
  fileUrls: Urls;
}

/** The source images, one way or the other. */
type Files = OneFile | FilesInList<readonly (string | Blob)[]>;

/** Four images from text. */
export interface TextToImageRequest extends CommonFields, NoFiles {
  taskType: "mj_txt2img";
}

/** Four images from images and text: variations of their content, or with `mj_style_reference` of their style. */
export type ImageToImageRequest = CommonFields & Files & { taskType: "mj_img2img" | "mj_style_reference" };

/** Four images that show the thing in an image; took about 250 s (T). */
export type OmniReferenceRequest = CommonFields &
  Files & {
    taskType: "mj_omni_reference";
    /** Weight of the reference, a whole number from 1 to 1000 (R). */
    ow?: number | undefined;
  };

/** Videos from exactly one image (R). */
export type VideoRequest = CommonFields &
  (OneFile | FilesInList<readonly [string | Blob]>) & {
    taskType: "mj_video" | "mj_video_hd";
    /** How much the video moves. */
    motion?: "high" | "low" | undefined;
    /** How many videos (R). */
    videoBatchSize?: 1 | 2 | 4 | undefined;
  };

/**
 * What to generate. `taskType` decides which other fields there are. The vendor accepts a field that doesn't fit, and
 * ignores it; these types don't, and `Midjourney.lint` warns of it.
 */
export type GenerateRequest = TextToImageRequest | ImageToImageRequest | OmniReferenceRequest | VideoRequest;

/** The number of an image or video of a task, counted from 1 as people do. */
export type ImageNumber = 1 | 2 | 3 | 4;

/** One image or video of a task. It names its task, so it is all that `upscale`, `vary` and `extendVideo` need. */
export interface ResultFile {
  /** The task that made it. */
  taskId: string;
  /** Its number, counted from 1. */
  index: ImageNumber;
  /** Where it lies until the task's `expiresAt`. The vendor's host may send no CORS headers: show it, don't read it. */
  url: string;
}

/** What every task has. Times are in milliseconds since 1970. */
interface TaskFields {
  /** The vendor's id or the gateway's: opaque. */
  taskId: string;
  /** The vendor's word for what the task does. */
  taskType?: string;
  /** How fast it was asked to be, if this package submitted it or the handle said so. */
  speed?: Speed;
  /** The images; empty until the task succeeds. */
  images: ResultFile[];
  /** The videos; empty until the task succeeds. */
  videos: ResultFile[];
  /** When it was created, in milliseconds since 1970. */
  createdAt?: number;
}

/** A task that has not ended, as far as anyone knows. */
export interface RunningTask extends TaskFields {
  state: "running";
  /**
   * When it is likely to end, in milliseconds since 1970: from your own past tasks, else from typical durations, or the
   * server's own word. An estimate.
   */
  expectedAt?: number;
  /** How long it is likely to take from now. An estimate. */
  timeLeft?: TimeLeft;
}

/**
 * How long a task is likely to take from now, in milliseconds. With at least three of your own tasks of this type and
 * speed, the middle eight of ten of them; without, from half to double of what is typical.
 */
export interface TimeLeft {
  /** Milliseconds, if it is quick; 0 if it is overdue. */
  min: number;
  /** Milliseconds, if it is slow; 0 if it is overdue. */
  max: number;
  /** How many of your own tasks it comes from: 0, or 3 to 20. */
  samples: number;
  /** Always true: no promise. */
  estimate: true;
}

/** A task that ended with at least one image or video. */
export interface SucceededTask extends TaskFields {
  state: "succeeded";
  /** When it ended, in milliseconds since 1970. */
  completedAt?: number;
  /**
   * When the links end, in milliseconds since 1970: the vendor deletes its files 15 days after the end (Q), a gateway its copies
   * when it says so.
   */
  expiresAt?: number;
  /**
   * The copies that a gateway keeps of the files, if it does. Links that were read while it is `"pending"` are the vendor's: look at
   * the task again for those that last.
   */
  archive?: Archive;
}

/** The copies that a gateway keeps of a task's files. */
export interface Archive {
  /** Some are still to be made; all are made that can be; or the vendor deleted the files before that. */
  state: "pending" | "done" | "expired";
  /** The files that it refuses to copy, by their numbers: their links stay the vendor's. */
  refused?: { index: number; reason: string }[];
}

/** A task in the list that a gateway keeps. */
export type ListedTask = Task & {
  /** The prompt: its own, or that of the task it starts from. */
  prompt?: string;
  /** The request, as a JSON text, as the task's record has it; never its `callBackUrl`. */
  paramJson?: string;
  /** The task it starts from, and which of its results, counted from 1. */
  parent?: { taskId: string; index: ImageNumber };
  /** Nobody knows whether the vendor has it: it may have been billed, and its state says nothing. */
  isUnknown?: true;
};

/** Which tasks to list. */
export interface TasksOptions {
  /** Those that stand so. */
  state?: "running" | "succeeded" | "failed" | "unknown" | undefined;
  /** Those of this type, as the vendor calls it, such as `"mj_txt2img"`. */
  taskType?: string | undefined;
  /** Those whose prompt has this text in it: at most 200 characters, in small or capital letters. */
  prompt?: string | undefined;
  /** How many are asked for at a time: 1 to 100, 20 unless told. */
  limit?: number | undefined;
  /** Ends the list. */
  signal?: AbortSignal | undefined;
}

/** A picture that a gateway keeps for a day. */
export interface Uploaded {
  /** What to give as `fileUrl`. */
  url: string;
  /** Until when it is there, in milliseconds since 1970. */
  expiresAt: number;
}

/** A task that ended without results. */
export interface FailedTask extends TaskFields {
  state: "failed";
  /** When it ended, in milliseconds since 1970. */
  completedAt?: number;
  /** The vendor's code, if any, and its words. */
  failure: {
    /** A number in records, a text in some callbacks (R). */
    code?: number | string;
    /** The vendor's reason, else the quick start's words for none. */
    message: string;
  };
}

/** A task: plain data. Stored as JSON and loaded again, here or elsewhere, it can still be waited for. */
export type Task = RunningTask | SucceededTask | FailedTask;

/**
 * What a task is named by: the task itself, as returned or as loaded from storage, or its id alone. The task is better:
 * it knows when the first look is worthwhile.
 */
export type TaskHandle = string | TaskReference;

/** The part of a task that names it. */
export interface TaskReference {
  /** 1 to 1024 letters, digits, `_`, `-` or `.`. */
  taskId: string;
  taskType?: string | undefined;
  speed?: Speed | undefined;
  createdAt?: number | undefined;
  expectedAt?: number | undefined;
}

/** A task whose image is named beside it: an image, which has a number of its own, is none. */
type TaskOfImage = string | (TaskReference & { index?: undefined });

/**
 * The vendor's record of a task, its known disagreements settled: times are milliseconds since 1970, the result is an
 * object, and `null` stands for what there is not.
 */
export interface TaskRecord {
  taskId: string;
  taskType: string | null;
  /** The request, as a JSON text; from a gateway without its `callBackUrl`. */
  paramJson: string | null;
  /** When it was created, in milliseconds since 1970. */
  createTime: number | null;
  /** When it ended, in milliseconds since 1970. */
  completeTime: number | null;
  /** The links to the results; `null` until there are any. */
  resultInfoJson: { resultUrls: { resultUrl: string }[] } | null;
  /** 0 generating, 1 success, 2 failed, 3 created but generation failed (Q). */
  successFlag: number;
  errorCode: number | string | null;
  errorMessage: string | null;
}

/** Options of every call that reaches a server. */
export interface CallOptions {
  /**
   * Ends the call with the error `aborted`, whose `cause` is the signal's reason. A submit that was on its way may have
   * been billed: then the error says `billed: "unknown"`.
   */
  signal?: AbortSignal | undefined;
}

/** Options of a submit. */
export interface SubmitOptions extends CallOptions {
  /**
   * Sent to a gateway as `Idempotency-Key`, which creates one task under one key if it honours such keys: 1 to 255
   * visible ASCII characters, a fresh one unless told. The vendor knows no such keys, and is sent none.
   */
  idempotencyKey?: string | undefined;
}

/** Options of an upscale or a variation. */
export interface ChangeOptions extends SubmitOptions {
  /** A watermark to put in (R). */
  waterMark?: string | undefined;
  /** Where the vendor, or midapi's gateway, posts the result: see `CommonFields`. */
  callBackUrl?: string | undefined;
}

/** Options of a video's extension. */
export interface ExtendOptions extends ChangeOptions {
  /** What happens next, 1 to 2000 characters. Without it Midjourney has an idea of its own (R: `mj_video_extend_auto`). */
  prompt?: string | undefined;
}

/** Options of a wait. */
export interface WaitOptions extends CallOptions {
  /**
   * Milliseconds until the error `still_running`, 0 or more, `Infinity` included; 1 800 000 (30 minutes) unless told.
   * The last look happens at its end and may outlast it by a second; one that came less than 5 s before the end is the last,
   * and the wait ends with it. Running out is no failure: wait again.
   */
  timeout?: number | undefined;
  /**
   * Whether to wait also until a gateway has made its copies of the files, so that the links last; `onUpdate` gets the task as soon as it
   * has succeeded. Without such a gateway, and at the end of `timeout`, it is like false. False unless told.
   */
  archived?: boolean | undefined;
  /** Called with the task after every look at it, the last one included. What it throws is dropped. */
  onUpdate?: ((task: Task) => void) | undefined;
}

/** What can be downloaded: a task that has succeeded, an image or video of one, or a list of these. */
export type Downloadable = SucceededTask | ResultFile | readonly (SucceededTask | ResultFile)[];

/** Options of a download. */
export interface DownloadOptions extends CallOptions {
  /** The longest file, in bytes: a longer one is refused and not read on. 268 435 456 (256 MiB) unless told. */
  maxBytes?: number | undefined;
  /** A function in place of the client's `fetch`, for the files alone: where that knows only a gateway. */
  fetch?: Fetch | undefined;
}

/** A file of a task, whole. */
export interface DownloadedFile {
  /** The same every time, and good on every system: the task's id, the number and the ending, such as `"0123abcd-1.png"`. */
  name: string;
  /** What it is, by its bytes. */
  type: "image/png" | "image/jpeg" | "image/webp" | "image/gif" | "video/mp4" | "video/webm";
  /** Its bytes, of that type. */
  body: Blob;
  /** Its number, counted from 1. */
  index: ImageNumber;
  /** The task that made it. */
  taskId: string;
}

/** Options of a submit that is waited for. `onUpdate` is called with the task as it is accepted, too. */
export interface RunOptions extends WaitOptions, SubmitOptions {}

/** Options of a batch. */
export interface BatchOptions {
  /**
   * Ends the batch: it submits nothing more, not even what waits to be tried again, ends its waits, and lets submits that
   * are on their way finish, as they may be paid for. Every item still settles.
   */
  signal?: AbortSignal | undefined;
  /** How many items are in flight at once: a whole number from 1 to 100, 4 unless told. */
  concurrency?: number | undefined;
  /** Milliseconds each item is waited for, counted from its acceptance; 1 800 000 (30 minutes) unless told. */
  timeout?: number | undefined;
  /** Whether each is waited for also until a gateway has made its copies of the files: see `WaitOptions`. */
  archived?: boolean | undefined;
  /**
   * Called with every running task, as it is accepted and after every look at it, and with its item's place in the
   * list, counted from 0. The moment to store the task. What it throws is dropped.
   */
  onUpdate?: ((task: RunningTask, index: number) => void) | undefined;
}

/** What an error says as plain data. */
export interface ErrorFields {
  /** What went wrong: switch on this. */
  kind: ErrorKind;
  message: string;
  /** The vendor's code or the HTTP status, where there is one. A field that is refused here has the vendor's 422. */
  code?: number;
  /** The field or option that is wrong. */
  field?: string;
  /** The task it is about. */
  taskId?: string;
  /** Whether the same call may be sent again, later, without the risk of paying twice. */
  retryable: boolean;
  /** Whether credits were spent. */
  billed: Billed;
  /** Seconds the server asks to wait. */
  retryAfter?: number;
  /**
   * What `reconcile` takes: of a submit through a gateway whose outcome is unknown. The vendor itself knows no keys, so
   * its errors have none.
   */
  submit?: UnknownSubmit;
}

/**
 * An item of a batch: a request to submit, a task to wait for, or from an earlier batch's `toJSON` an error that forbids
 * to submit the request again, as it may have been billed.
 */
export type BatchItem = GenerateRequest | TaskHandle | { request?: GenerateRequest; error: ErrorFields };

/**
 * What became of an item: its place in the list, counted from 0, the item as it was given, and its task or its error. Ask
 * for `error` first, then the other is there.
 */
export type BatchResult =
  | { index: number; request: BatchItem; task: SucceededTask; error?: undefined }
  | { index: number; request: BatchItem; task?: undefined; error: MidjourneyError };

/**
 * Many tasks at once, as an async iterator of what became of each, in the order they end. It begins when it is first
 * asked. Leaving the loop submits nothing more, and waits for the submits on their way, so that their tasks are known.
 */
export interface Batch {
  /**
   * @throws {MidjourneyError} `invalid_request` for an item or option that breaks a rule; then nothing was submitted, and
   *   it is over. A crash of the module ends the items in flight, and the others go on.
   */
  next(): Promise<IteratorResult<BatchResult, undefined>>;
  /** What leaving the loop does. */
  return(): Promise<IteratorResult<BatchResult, undefined>>;
  [Symbol.asyncIterator](): this;
  /**
   * The items as they stand: what was submitted is its task by now, or what `reconcile` takes. `batch` takes the list
   * again, in another process too, and submits none of that a second time; a task that has ended is looked at once. It
   * knows nothing of what this batch submits later.
   */
  toJSON(): BatchItem[];
}

/** A submit whose outcome nobody knows: plain data, to keep until `reconcile` has an answer. */
export interface UnknownSubmit {
  /** The route below `/api/v1/mj/`. */
  route: string;
  /** The body, byte for byte as it was sent. */
  body: string;
  /** The key it was sent under. */
  idempotencyKey: string;
}

/** Something the vendor accepts but that surely isn't meant. */
export interface Warning {
  /** The field it is about. */
  field: string;
  /** What is odd, and what would be right. */
  message: string;
}

/** What a task may cost, in credits, and how long it may take. Nobody outside knows the vendor's prices: from clients' tables (C), unverified. */
export interface Estimate {
  /** The least, in credits. */
  min: number;
  /** The most, in credits: what to set aside. */
  max: number;
  /** How long it is likely to take once it is accepted: from your own past tasks, else from typical ones. */
  time: TimeLeft;
  /** Always true: no promise. */
  estimate: true;
}

/**
 * Credits by kind of task, each a whole number or a range. Unless told, images are 3 `relaxed`, 8 `fast` (also without a
 * speed) or 16 `turbo`, a `video` 15 to 60, a `videoHd` 45 to 180 (C).
 */
export interface Prices {
  relaxed?: Price | undefined;
  fast?: Price | undefined;
  turbo?: Price | undefined;
  video?: Price | undefined;
  videoHd?: Price | undefined;
  /** An upscale or a variation. */
  change?: Price | undefined;
}

/** Whole credits, or the least and the most. */
export type Price = number | readonly [min: number, max: number];

/**
 * How long your tasks took, in milliseconds, by type and speed: the last 20 of each. Plain data, to keep for the next
 * client. What isn't that is left out without an error.
 */
export type History = Record<string, number[]>;

/** Where the API is, and with which key: an `endpoint`, an `apiKey`, or both. */
export type MidjourneyOptions = GatewayOptions | VendorOptions;

/** A gateway that holds the key. */
interface GatewayOptions extends ClientOptions {
  /**
   * A gateway's address, such as `"/api/v1/mj"` in a page it serves: https, or http on this machine, without user,
   * query or fragment.
   */
  endpoint: string;
  /**
   * The gateway's access token, 8 or more visible ASCII characters, if it asks for one. In a browser it is refused like a
   * key.
   */
  apiKey?: string | undefined;
}

/** A key of one's own. */
interface VendorOptions extends ClientOptions {
  /** `https://api.midapi.ai/api/v1/mj` unless told. Where a key is sent must be https, or this machine. */
  endpoint?: string | undefined;
  /**
   * The vendor's key, 8 or more visible ASCII characters, on a server only. Undefined, as from a variable that isn't set,
   * fails at the first call.
   */
  apiKey: string | undefined;
}

interface ClientOptions {
  /** Lets `apiKey` be used in a browser, where everyone who opens the page can read it. False unless told. */
  dangerouslyAllowBrowser?: boolean | undefined;
  /** Prices you know better than `estimate` does. */
  prices?: Prices | undefined;
  /** What `history()` of an earlier client gave, for better estimates of time. */
  history?: History | undefined;
  /**
   * A function in place of the host's `fetch`: of a service binding (`(url, init) => env.GATEWAY.fetch(url, init)`), of a
   * proxy, or a test's. The rules stay: a reply after a redirect is refused, no call takes longer than 60 s, and no
   * reply over 16 MB is read. It should end when `init.signal` fires.
   */
  fetch?: Fetch | undefined;
  /** Where a line of each try of a call goes; `console` if there is a `logLevel` alone. */
  logger?: Logger | undefined;
  /**
   * What is logged: `"error"` what failed for good, `"warn"` also what is tried again, `"info"` and `"debug"` also what
   * went well. `"off"` unless told, and `"warn"` if there is a `logger`.
   */
  logLevel?: "off" | "error" | "warn" | "info" | "debug" | undefined;
}

/** A function with the parameters and the result of the host's `fetch`, as far as the package uses them. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What `console` is: a message and an object. (pino takes them the other way round.) What it throws is ignored. */
export interface Logger {
  error(message: string, details: LoggedTry): unknown;
  warn(message: string, details: LoggedTry): unknown;
  info(message: string, details: LoggedTry): unknown;
}

/** One try of a call. No key, no prompt and no link is in it. */
export interface LoggedTry {
  /** Whether it creates a task, which spends credits, or looks something up. */
  operation: "submit" | "read";
  /** The route, such as `"generate"` or `"record-info"`. */
  route: string;
  /** The number of this try of the call, from 1. */
  try: number;
  /** The HTTP status, if there was an answer. */
  status?: number;
  /** How long it took, in milliseconds. */
  ms: number;
  /** Whether it spent credits. */
  billed: Billed;
  /** What went wrong, if anything did. */
  kind?: ErrorKind;
  /** In how many milliseconds the call is tried again, if it is. */
  againIn?: number;
}

/** A compiled module, where the types of the host know WebAssembly; Node's alone don't. */
type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object;

/** Where the WebAssembly module is, or what is there: its URL, a response, its bytes, or the compiled module. */
export type ModuleSource = string | URL | Request | Response | ArrayBuffer | ArrayBufferView | CompiledModule;

/**
 * Starts the WebAssembly module before the first call would, and from the given source: for bundlers and hosts where it
 * doesn't lie beside the code. Without a source it is taken from where the package has it. Once the module has started
 * this does nothing.
 *
 * @throws the host's own error if there is no such module; then the next call starts it as usual
 */
export function init(source?: ModuleSource | PromiseLike<ModuleSource>): Promise<void>;

/**
 * The client of a gateway or, on a server, of the vendor. What fails rejects with a `MidjourneyError`; arguments are
 * checked, and refused, before anything is sent.
 */
export class Midjourney {
  /**
   * Sends nothing, and loads nothing before the first call.
   *
   * @throws {MidjourneyError} `misconfigured` for an `apiKey` in a browser. Other mistakes, such as a misspelt
   *   option, fail the first call.
   */
  constructor(options: MidjourneyOptions);

  /**
   * Submits a task, once. After an unclear answer it fails with `billed: "unknown"` and is not sent again. Only a refusal
   * that comes before acceptance (429, 455, and in Node and Bun a connection that never came about) is tried again: three
   * times at the most, within 60 s.
   *
   * @throws {MidjourneyError} `invalid_request`, `unauthorized`, `insufficient_credits`, `rate_limited`, `maintenance`,
   *   `disabled`, `misconfigured`: not billed. `server_error`, `network`, `bad_response`, `aborted`, `crashed`: see its
   *   `billed`.
   */
  generate(request: GenerateRequest, options?: SubmitOptions | null): Promise<RunningTask>;

  /**
   * Submits the upscale of an image: a task of its own.
   *
   * @throws {MidjourneyError} like `generate`
   */
  upscale(image: ResultFile, options?: ChangeOptions | null): Promise<RunningTask>;
  /**
   * Submits the upscale of an image of a task: a task of its own.
   *
   * @param index the image's number, counted from 1
   * @throws {MidjourneyError} like `generate`
   */
  upscale(task: TaskOfImage, index: ImageNumber, options?: ChangeOptions | null): Promise<RunningTask>;

  /**
   * Submits four variations of an image (R): a task of its own.
   *
   * @throws {MidjourneyError} like `generate`
   */
  vary(image: ResultFile, options?: ChangeOptions | null): Promise<RunningTask>;
  /**
   * Submits four variations of an image of a task (R): a task of its own.
   *
   * @param index the image's number, counted from 1. The vendor's schema counts from 0, its prose from 1; what is sent
   *   follows the schema.
   * @throws {MidjourneyError} like `generate`
   */
  vary(task: TaskOfImage, index: ImageNumber, options?: ChangeOptions | null): Promise<RunningTask>;

  /**
   * Submits more of a video (R): a task of its own.
   *
   * @throws {MidjourneyError} like `generate`
   */
  extendVideo(video: ResultFile, options?: ExtendOptions | null): Promise<RunningTask>;
  /**
   * Submits more of a video of a task (R): a task of its own.
   *
   * @param index the video's number, counted from 1
   * @throws {MidjourneyError} like `generate`
   */
  extendVideo(task: TaskOfImage, index: ImageNumber, options?: ExtendOptions | null): Promise<RunningTask>;

  /**
   * The task as it stands now. A task that failed is no error here. Tried three times at the most, within 60 s.
   *
   * @throws {MidjourneyError} `not_found`, `unauthorized`, `rate_limited`, `maintenance`, `server_error`, `network`,
   *   `bad_response`, `aborted`, `misconfigured`, `crashed`; a look costs nothing
   */
  status(task: TaskHandle, options?: CallOptions | null): Promise<Task>;

  /**
   * The vendor's own record of the task, tried like `status`.
   *
   * @throws {MidjourneyError} like `status`
   */
  record(task: TaskHandle, options?: CallOptions | null): Promise<TaskRecord>;

  /**
   * The account's credits; the vendor counts in fractions (T). Tried like `status`.
   *
   * @throws {MidjourneyError} like `status`; `unauthorized` from midapi's gateway unless the token may ask
   */
  credits(options?: CallOptions | null): Promise<number>;

  /**
   * Waits for the task's end. A gateway that tells of tasks as they happen is listened to, with one stream for all waits of the client; where
   * there is none, and while it is lost, the task is looked at. The first look is near the expected end, at once for a task of which only the id is known,
   * and after 10 minutes at the latest. The next come after 5 s, growing by half to 30 s, or when the server says. In a
   * hidden tab looks are at least 60 s apart; when it is seen again or the network is back, the next one comes at once, or
   * 5 s after the last. A look that fails in passing is repeated in its turn.
   *
   * @throws {MidjourneyError} `task_failed`; `still_running` when the time runs out, which is no failure: wait again;
   *   `aborted`, and the task goes on; `not_found`, `unauthorized`, `misconfigured`, `crashed`
   */
  wait(task: TaskHandle, options?: WaitOptions | null): Promise<SucceededTask>;

  /**
   * `generate`, then `wait`. An error after acceptance carries the `taskId`.
   *
   * @throws {MidjourneyError} like `generate` and `wait`
   */
  run(request: GenerateRequest, options?: RunOptions | null): Promise<SucceededTask>;

  /**
   * The task that a submit with an unknown outcome became. Sends the submit again, under its key, only to a gateway whose
   * `GET /api/v1/health` answers `{"idempotencyKeys": true}` in `data`: there it creates no second task. Any other server
   * is sent no submit.
   *
   * @param unknown the error, or its `submit`, as it was thrown or stored; or what a batch's `toJSON` has in place of the
   *   item: put the task there, and `batch` waits for it
   * @throws {MidjourneyError} `misconfigured` if the server doesn't say so; whatever it is, `billed` stays `"unknown"`
   *   and `submit` is there again. `invalid_request` if there is no `submit`.
   */
  reconcile(unknown: ErrorFields | UnknownSubmit | { error: ErrorFields }, options?: CallOptions | null): Promise<RunningTask>;

  /**
   * Runs many tasks at once: submits requests, at most 20 within 10.5 s as the vendor takes no more, and waits for all.
   * Every item settles once; one that fails loses nothing. One that is refused with 429 is held back and tried again, up to
   * six times, 10.5 s or the server's pause apart. Out of credits, or with a refused key or set-up, it submits no more, and
   * the rest says why.
   *
   * @param requests requests, tasks or ids, or what an earlier batch's `toJSON` gave, or that batch once it has ended
   * @throws {MidjourneyError} `invalid_request` for what is no list, or a batch that still runs
   */
  batch(requests: (Iterable<BatchItem> & object) | Batch, options?: BatchOptions | null): Batch;

  /**
   * Downloads the files of a task, in their order, images first: one at a time, each when the loop asks for it. Leaving the
   * loop fetches no more. A file is asked for three times at the most, 60 s each, and comes whole or not at all. No key is
   * sent. On a server the `User-Agent` is `midapi/…`, as the vendor's file host refuses some. In a page the host has to allow
   * the page's origin (CORS), which the vendor's may not.
   *
   * @throws {MidjourneyError} `invalid_request` for a task that has not succeeded; else with `billed: "yes"` and the `taskId`,
   *   as the task is there: `network`, `server_error`, `rate_limited`, `not_found`, `aborted`; `bad_response` for what is no
   *   picture or video, or too long
   */
  download(task: Downloadable, options?: DownloadOptions | null): AsyncGenerator<DownloadedFile, void, undefined>;

  /**
   * Everything that this caller's gateway keeps of them, newest first: their tasks, from this device and others. Asks for more as the
   * loop goes on.
   *
   * @throws {MidjourneyError} `misconfigured` with the vendor's endpoint, which has no such list; `invalid_request` for an option that is
   *   wrong; and what `status` can meet
   */
  tasks(options?: TasksOptions | null): AsyncGenerator<ListedTask, void, undefined>;

  /**
   * Deletes a task and its files at the gateway, for good. What runs at the vendor goes on, and stays paid for. Deleted
   * twice it is `not_found`.
   *
   * @throws {MidjourneyError} like `tasks`
   */
  remove(task: TaskHandle, options?: Pick<CallOptions, "signal"> | null): Promise<void>;

  /**
   * Uploads a picture that a task can start from: PNG, JPEG or WebP, at most 10 MB. The gateway keeps it for a day, under a link that
   * nobody can guess. `generate` does this by itself for a `Blob` as `fileUrl`. Costs nothing.
   *
   * @throws {MidjourneyError} `invalid_request` for another file, `not_found` by a gateway that takes no uploads, `rate_limited` when
   *   too much was uploaded today; and like `tasks`
   */
  upload(file: Blob, options?: Pick<CallOptions, "signal"> | null): Promise<Uploaded>;

  /**
   * What the vendor would accept but surely isn't meant, such as `ow` on text to image, or `--ar` in the prompt beside
   * `aspectRatio`. Sends nothing. Takes requests that the types refuse: those it is for.
   *
   * @throws {MidjourneyError} `invalid_request` for what submitting it would refuse
   */
  lint(request: GenerateRequest | object): Promise<Warning[]>;

  /**
   * What the request may cost, and how long it may take. A change of a result is named by its call; the extension of a video in HD
   * costs what `videoHd` does. Sends nothing.
   *
   * @throws {MidjourneyError} `invalid_request` for a request that breaks a rule, or for wrong `prices`
   */
  estimate(request: GenerateRequest | "upscale" | "vary" | "extendVideo"): Promise<Estimate>;

  /**
   * How long the tasks took whose end this client's waits have seen, together with those it was given: for `history` of
   * the next client. Sends nothing.
   */
  history(): Promise<History>;
}

/**
 * What went wrong, as a closed set: switch on it.
 *
 * - `invalid_request`: the request breaks a rule, here or at the vendor (400, 405, 413, 415, 422). Mend `field`.
 * - `unauthorized`: no key, a bad key, or one without permission (401, 403).
 * - `insufficient_credits`: the account has too few (402).
 * - `not_found`: no such task or route (404; of a look also 400 and 422).
 * - `rate_limited`: too many requests (429). Wait, `retryAfter` seconds if it is given.
 * - `maintenance`: the vendor is down (455). Wait.
 * - `disabled`: the vendor has switched the feature off (505).
 * - `server_error`: the server failed (other 5xx). Of a submit nobody knows whether it is billed.
 * - `task_failed`: the task ran and failed. The message is the vendor's reason.
 * - `still_running`: your `timeout` ran out and the task goes on. No failure: wait again.
 * - `network`: no answer, or half of one, or none within 60 s. Of a submit nobody knows whether it is billed, unless it
 *   never left. Also a WebAssembly module that could not be loaded.
 * - `bad_response`: an answer that isn't the API's, such as a page or a redirect; in `midapi/webhooks`, no callback of this
 *   API; of a download, no picture or video, or one that is too long.
 * - `aborted`: your signal ended the call.
 * - `misconfigured`: the client or the gateway is set up wrongly. The message says how.
 * - `unverified`: a callback's signature or time is wrong (`midapi/webhooks`).
 * - `crashed`: a fault of this package. Its module was started anew, so the next call works.
 */
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

/** Whether credits were spent. With `"unknown"` nobody can tell from here: look before you send it again. */
export type Billed = "no" | "yes" | "unknown";

/**
 * Every failure of the package, a real `Error`. Its message is for people, ends at some 1000 characters of a server's
 * own words, and holds no key. What lies beneath, such as the exception of `fetch` or the reason of your signal, is
 * `cause`.
 */
export class MidjourneyError extends Error {
  private constructor();
  name: "MidjourneyError";
  /** As data to keep, without the `cause`. */
  toJSON(): ErrorFields;
}
export interface MidjourneyError extends ErrorFields {}

/** Whether a caught value is such an error, even one of another copy of this package. */
export function isMidjourneyError(value: unknown): value is MidjourneyError;

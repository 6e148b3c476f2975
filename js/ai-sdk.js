/** A provider for the AI SDK: the image and video models of its specification v4, over a client of this package. */
import { Midjourney, taskTypes } from "midapi";
import { MidjourneyError, refusal } from "./errors.js";

/** What the results of a task have to be, with more bytes than any of the vendor's has. */
const FILES = {
  images: { kind: "image", maxBytes: 64 * 1024 * 1024 },
  videos: { kind: "video", maxBytes: 512 * 1024 * 1024 },
};

/** How many images the vendor makes of one task. */
const IMAGES_PER_TASK = 4;
/** How many videos it makes of one, if asked. */
const VIDEO_BATCH_SIZES = [1, 2, 4];
const VIDEO_TYPES = taskTypes.filter((taskType) => taskType.startsWith("mj_video"));

export function createMidjourney(client, { fetch, onUpdate } = {}) {
  const mj = typeof client?.run === "function" ? client : new Midjourney(client);
  const imageModel = (version) => new ImageModel({ mj, fetch, onUpdate }, version);
  const videoModel = (taskType) => new VideoModel({ mj, fetch, onUpdate }, taskType);
  const noModel = () => {
    throw refusal("invalid_request", "modelId", "must be of an image or a video model; Midjourney has no others");
  };
  return {
    specificationVersion: "v4",
    image: imageModel,
    imageModel,
    video: videoModel,
    videoModel,
    languageModel: noModel,
    embeddingModel: noModel,
  };
}

/** What image and video models have in common. */
class Model {
  specificationVersion = "v4";
  provider = "midjourney";
  #provider;

  constructor(provider, modelId) {
    this.#provider = provider;
    this.modelId = modelId;
  }

  /**
   * Makes one task, and downloads the first `n` of its results, each `{ bytes, type }`; with what the SDK wants to know beside.
   *
   * @param what the field of a task that has the results
   * @param made how many are made, and paid for
   */
  async make({ request, options }, { what, n, made, unsupported, abortSignal }) {
    const { mj, fetch, onUpdate } = this.#provider;
    const warnings = [...warningsOf(unsupported), ...(await lintsOf(mj, request))];
    if (n < made) warnings.push(paidForMore(what, n, made));
    const task = await mj.run(request, { ...options, signal: abortSignal, onUpdate });
    return {
      files: await downloaded(mj, task, task[what], n, { ...FILES[what], fetch, signal: abortSignal }),
      result: {
        warnings,
        providerMetadata: { midjourney: metadata(task, task[what], n, what) },
        response: { timestamp: new Date(), modelId: this.modelId, headers: undefined },
      },
    };
  }
}

class ImageModel extends Model {
  maxImagesPerCall = IMAGES_PER_TASK;
  supportsFileInputs = true;
  supportsMaskInputs = false;

  async doGenerate({ prompt, n, size, aspectRatio, seed, files: sources, mask, providerOptions, abortSignal }) {
    refuseWhatChangesTheResult({ mask });
    const asked = requestOf(
      { taskType: sources?.length ? "mj_img2img" : "mj_txt2img", prompt, version: this.modelId, aspectRatio, ...source(sources) },
      ["prompt", "version", "aspectRatio"],
      providerOptions,
    );
    if (VIDEO_TYPES.includes(asked.request.taskType)) throw refusal("invalid_request", "taskType", "makes videos; take a video model");
    refuseMoreThan(IMAGES_PER_TASK, n, "maxImagesPerCall");
    const unsupported = { size: size && "give an aspectRatio", seed: seedHint(seed) };
    const { files, result } = await this.make(asked, { what: "images", n, made: IMAGES_PER_TASK, unsupported, abortSignal });
    // A task that made nothing is no success; and the SDK must not pay for another by itself.
    return { ...result, images: files.map(({ bytes }) => bytes), isRetryable: false };
  }
}

class VideoModel extends Model {
  maxVideosPerCall = VIDEO_BATCH_SIZES.at(-1);

  async doGenerate({ prompt, n, aspectRatio, resolution, duration, fps, seed, image, frameImages, inputReferences, generateAudio, providerOptions, abortSignal }) {
    const first = frameImages?.find(({ frameType }) => frameType === "first_frame")?.image;
    const start = image ?? first;
    refuseWhatChangesTheResult({
      frameImages: frameImages?.some((frame) => frame.image !== start),
      inputReferences: inputReferences?.length,
    });
    if (!VIDEO_TYPES.includes(this.modelId)) throw refusal("invalid_request", "taskType", `must be one of ${VIDEO_TYPES.join(", ")}`);
    refuseMoreThan(this.maxVideosPerCall, n, "maxVideosPerCall");
    const videoBatchSize = VIDEO_BATCH_SIZES.find((size) => size >= n);
    const asked = requestOf(
      { taskType: this.modelId, prompt, aspectRatio: aspectRatio === "adaptive" ? undefined : aspectRatio, videoBatchSize, ...source(start && [start]) },
      ["taskType", "prompt", "aspectRatio", "videoBatchSize"],
      providerOptions,
    );
    const unsupported = {
      resolution: resolution && "the model mj_video_hd makes high definition",
      duration: duration && "extend a video by extendVideo of the package",
      fps: fps && "",
      seed: seedHint(seed),
      generateAudio: generateAudio && "",
    };
    const { files, result } = await this.make(asked, { what: "videos", n, made: videoBatchSize, unsupported, abortSignal });
    const video = ({ bytes, type }) => ({ type: "binary", data: bytes, mediaType: type.startsWith("video/") ? type : "video/mp4" });
    return { ...result, videos: files.map(video) };
  }
}

/** The request with the fields that `providerOptions.midjourney` adds, and the call's options that stand among them. */
function requestOf(fields, ownOfSdk, providerOptions) {
  const { idempotencyKey, timeout, ...more } = providerOptions?.midjourney ?? {};
  for (const field of ownOfSdk) {
    if (more[field] !== undefined) throw refusal("invalid_request", field, "is given by the model and the SDK's own parameters");
  }
  return { request: { ...fields, ...more }, options: { idempotencyKey, timeout } };
}

/**
 * The bytes of the first `n` results of a task, in their order, each `{ bytes, type }`.
 *
 * @param kind what they have to be, `image` or `video`
 * @throws {MidjourneyError} with all `urls` of the results
 */
async function downloaded(mj, task, results, n, { kind, signal, ...options }) {
  const others = new AbortController();
  const signals = AbortSignal.any([others.signal, signal].filter((signal) => signal !== undefined));
  const fileAt = async (result) => {
    try {
      const { value } = await mj.download(result, { ...options, signal: signals }).next();
      if (!value.type.startsWith(kind)) throw new Error(`it is no ${kind} but ${value.type}`);
      return { bytes: new Uint8Array(await value.body.arrayBuffer()), type: value.type };
    } catch (error) {
      // Where one is refused the others are of no use; what fails in passing fails with their last tries.
      if (!PASSING.includes(error.kind)) others.abort(error);
      throw error;
    }
  };
  try {
    if (results.length === 0) throw new Error(`it has no ${kind}`);
    const files = await Promise.allSettled(results.slice(0, n).map(fileAt));
    others.signal.throwIfAborted();
    for (const { reason } of files) if (reason) throw reason;
    return files.map(({ value }) => value);
  } catch (cause) {
    const isAborted = signal?.aborted === true;
    const reason = isAborted ? "the download was aborted" : `could not be downloaded: ${cause.message}`;
    const message = `the task has succeeded and is paid for, and its results lie at their \`urls\`, but ${reason}`;
    const urls = results.map(({ url }) => url);
    throw new MidjourneyError({ kind: isAborted ? "aborted" : "network", message, billed: "yes", retryable: false, taskId: task.taskId, urls }, cause);
  }
}

/** What is wrong with a file's host for the moment. */
const PASSING = ["network", "rate_limited", "server_error", "not_found"];

/** What would be paid for and isn't what was meant. */
function refuseWhatChangesTheResult(parameters) {
  for (const [name, value] of Object.entries(parameters)) {
    if (value) throw refusal("invalid_request", name, "is nothing that Midjourney's API can do");
  }
}

function refuseMoreThan(most, n, name) {
  if (n > most) throw refusal("invalid_request", name, `must be at most ${most}: a task makes no more`);
}

/** The source images of a request: the vendor fetches them, so they have to be links. */
function source(files) {
  if (!files?.length) return {};
  const urls = files.map((file) => {
    if (file.type === "url") return file.url;
    throw refusal("invalid_request", "fileUrl", "must be a URL that the vendor can fetch; bytes can't be sent to it");
  });
  return urls.length === 1 ? { fileUrl: urls[0] } : { fileUrls: urls };
}

const seedHint = (seed) => seed !== undefined && `write --seed ${seed} in the prompt`;

const warningsOf = (unsupported) =>
  Object.entries(unsupported)
    .filter(([, details]) => details !== undefined && details !== false && details !== null && details !== 0)
    .map(([feature, details]) => ({ type: "unsupported", feature, ...(details && { details }) }));

async function lintsOf(mj, request) {
  return (await mj.lint(request)).map(({ field, message }) => ({ type: "other", message: `${field}: ${message}` }));
}

const paidForMore = (what, n, made) => ({
  type: "compatibility",
  feature: "n",
  details: `Midjourney makes ${made} ${what} of a task, and ${made} are paid for; the first ${n} are returned`,
});

/** Of each result, as the SDK keeps no other field of several calls; and all that was paid for. */
function metadata({ taskId }, results, n, what) {
  const of = ({ index, url }) => ({ taskId, index, url, billed: "yes" });
  return { taskId, urls: results.map(({ url }) => url), billed: "yes", [what]: results.slice(0, n).map(of) };
}

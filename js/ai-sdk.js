/** A provider for the AI SDK: the image and video models of its specification v4, over a client of this package. */
import { Midjourney } from "midapi";
import { downloaded } from "./download.js";
import { refusal } from "./errors.js";

/** More than any picture or video of the vendor's has. */
const MAX_IMAGE_BYTES = 64 * 1024 * 1024;
const MAX_VIDEO_BYTES = 512 * 1024 * 1024;

/** How many images the vendor makes of one task. */
const IMAGES_PER_TASK = 4;
/** How many videos it makes of one, if asked. */
const VIDEO_BATCH_SIZES = [1, 2, 4];

export function createMidjourney(client, { fetch = client?.fetch } = {}) {
  const mj = typeof client?.run === "function" ? client : new Midjourney(client);
  const get = (url, init) => (fetch ?? globalThis.fetch)(url, init);
  const imageModel = (version) => new ImageModel(mj, get, version);
  const videoModel = (taskType) => new VideoModel(mj, get, taskType);
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

class ImageModel {
  specificationVersion = "v4";
  provider = "midjourney";
  maxImagesPerCall = IMAGES_PER_TASK;
  supportsFileInputs = true;
  supportsMaskInputs = false;
  #mj;
  #fetch;

  constructor(mj, fetch, modelId) {
    this.#mj = mj;
    this.#fetch = fetch;
    this.modelId = modelId;
  }

  async doGenerate({ prompt, n, size, aspectRatio, seed, files, mask, providerOptions, abortSignal }) {
    const { request, options } = requestOf(
      { taskType: files?.length ? "mj_img2img" : "mj_txt2img", prompt, version: this.modelId, aspectRatio, ...source(files) },
      providerOptions,
      abortSignal,
    );
    const unsupported = { size: size && "give an aspectRatio", seed: seedHint(seed), mask: mask && "" };
    const warnings = [...warningsOf(unsupported), ...(await lintsOf(this.#mj, request))];
    if (n < IMAGES_PER_TASK) warnings.push(paidForMore("images", n, IMAGES_PER_TASK));
    const task = await this.#mj.run(request, options);
    const results = task.images.slice(0, n);
    const images = await downloaded(this.#fetch, task, results, { maxBytes: MAX_IMAGE_BYTES, signal: abortSignal });
    return {
      images: images.map(({ bytes }) => bytes),
      // A task that made nothing is no success; and the SDK must not pay for another by itself.
      isRetryable: false,
      warnings,
      providerMetadata: { midjourney: metadata(task, results, "images") },
      response: responseOf(this.modelId),
    };
  }
}

class VideoModel {
  specificationVersion = "v4";
  provider = "midjourney";
  maxVideosPerCall = VIDEO_BATCH_SIZES.at(-1);
  #mj;
  #fetch;

  constructor(mj, fetch, modelId) {
    this.#mj = mj;
    this.#fetch = fetch;
    this.modelId = modelId;
  }

  async doGenerate({ prompt, n, aspectRatio, resolution, duration, fps, seed, image, frameImages, inputReferences, generateAudio, providerOptions, abortSignal }) {
    const first = frameImages?.find(({ frameType }) => frameType === "first_frame")?.image;
    const start = image ?? first;
    const videoBatchSize = VIDEO_BATCH_SIZES.find((size) => size >= n);
    const { request, options } = requestOf(
      { taskType: this.modelId, prompt, aspectRatio: aspectRatio === "adaptive" ? undefined : aspectRatio, videoBatchSize, ...source(start && [start]) },
      providerOptions,
      abortSignal,
    );
    const otherFrames = frameImages?.some((frame) => frame.image !== start);
    const unsupported = {
      resolution: resolution && "the model mj_video_hd makes high definition",
      duration: duration && "extend a video by extendVideo of the package",
      fps: fps && "",
      seed: seedHint(seed),
      frameImages: otherFrames && "a video starts from one image",
      inputReferences: inputReferences?.length && "",
      generateAudio: generateAudio && "",
    };
    const warnings = [...warningsOf(unsupported), ...(await lintsOf(this.#mj, request))];
    if (n < videoBatchSize) warnings.push(paidForMore("videos", n, videoBatchSize));
    const task = await this.#mj.run(request, options);
    const results = task.videos.slice(0, n);
    const videos = await downloaded(this.#fetch, task, results, { maxBytes: MAX_VIDEO_BYTES, signal: abortSignal });
    return {
      videos: videos.map(({ bytes, type }) => ({ type: "binary", data: bytes, mediaType: type.startsWith("video/") ? type : "video/mp4" })),
      warnings,
      providerMetadata: { midjourney: metadata(task, results, "videos") },
      response: responseOf(this.modelId),
    };
  }
}

/** The request with the fields that `providerOptions.midjourney` adds, and the call's options that stand among them. */
function requestOf(fields, providerOptions, signal) {
  const { idempotencyKey, timeout, ...more } = providerOptions?.midjourney ?? {};
  return { request: { ...fields, ...more }, options: { idempotencyKey, timeout, signal } };
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

/** In each result, as the SDK keeps no other field of several calls. */
function metadata({ taskId }, results, what) {
  const of = ({ index, url }) => ({ taskId, index, url, billed: "yes" });
  return { taskId, urls: results.map(({ url }) => url), billed: "yes", [what]: results.map(of) };
}

const responseOf = (modelId) => ({ timestamp: new Date(), modelId, headers: undefined });

import { Midjourney } from "midapi";

/** No private field: those break behind a Proxy, as frameworks put around what they observe. */
const CLIENT = Symbol("client");

/**
 * The class of the vendor's quick start, method for method, so that its programs run with only the import changed.
 * It prints what that class prints. New programs use `Midjourney`.
 */
export class MidjourneyAPI {
  constructor(apiKey, { baseUrl = "https://api.midapi.ai/api/v1/mj" } = {}) {
    /** Where the API is; assign a gateway's URL to use it. */
    this.baseUrl = baseUrl;
    Object.defineProperty(this, CLIENT, { value: clientOf(apiKey) });
  }

  async generateImage(options) {
    const task = await named("Generation failed", this[CLIENT](this.baseUrl).generate(options));
    return task.taskId;
  }

  async waitForCompletion(taskId, maxWaitTime = 600000) {
    const onUpdate = ({ state }) => {
      if (state === "running") console.log("Task is generating, continue waiting...");
    };
    try {
      const { images, videos } = await this[CLIENT](this.baseUrl).wait(taskId, { timeout: maxWaitTime, onUpdate });
      console.log("Generation completed successfully!");
      return { resultUrls: [...images, ...videos].map(({ url }) => ({ resultUrl: url })) };
    } catch (error) {
      if (error.kind === "still_running") {
        error.message = "Generation timeout";
        throw error;
      }
      if (error.kind === "task_failed") {
        console.error("Generation failed:", error.message);
        if (error.code) console.error("Error code:", error.code);
        throw error;
      }
      throw prefixed("Status check failed", error);
    }
  }

  async getTaskStatus(taskId) {
    return await named("Status check failed", this[CLIENT](this.baseUrl).record(taskId));
  }

  async upscaleImage(taskId, index) {
    const task = await named("Upscale failed", this[CLIENT](this.baseUrl).upscale(taskId, index));
    return task.taskId;
  }
}

/** The client of a URL: another one whenever `baseUrl` is assigned. */
function clientOf(apiKey) {
  let client;
  let clientUrl;
  return (endpoint) => {
    if (clientUrl !== endpoint) {
      client = new Midjourney({ endpoint, apiKey });
      clientUrl = endpoint;
    }
    return client;
  };
}

async function named(what, call) {
  try {
    return await call;
  } catch (error) {
    throw prefixed(what, error);
  }
}

/** The quick start's programs, and the people who search their logs, know the message with its prefix. */
function prefixed(what, error) {
  error.message = `${what}: ${error.message}`;
  return error;
}

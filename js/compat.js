import { Midjourney } from "midapi";

/**
 * The class of the vendor's quick start, method for method, so that its programs run with only the import changed.
 * It prints what that class prints. New programs use `Midjourney`.
 */
export class MidjourneyAPI {
  #apiKey;
  #client;
  #clientUrl;

  constructor(apiKey, { baseUrl = "https://api.midapi.ai/api/v1/mj" } = {}) {
    this.#apiKey = apiKey;
    /** Where the API is; assign a gateway's URL to use it. */
    this.baseUrl = baseUrl;
  }

  async generateImage(options) {
    const task = await named("Generation failed", this.#midjourney().generate(options));
    return task.taskId;
  }

  async waitForCompletion(taskId, maxWaitTime = 600000) {
    const onUpdate = ({ state }) => {
      if (state === "running") console.log("Task is generating, continue waiting...");
    };
    try {
      const { images, videos } = await this.#midjourney().wait(taskId, { timeout: maxWaitTime, onUpdate });
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
    return await named("Status check failed", this.#midjourney().record(taskId));
  }

  async upscaleImage(taskId, index) {
    const task = await named("Upscale failed", this.#midjourney().upscale(taskId, index));
    return task.taskId;
  }

  #midjourney() {
    if (this.#clientUrl !== this.baseUrl) {
      this.#client = new Midjourney({ endpoint: this.baseUrl, apiKey: this.#apiKey });
      this.#clientUrl = this.baseUrl;
    }
    return this.#client;
  }
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

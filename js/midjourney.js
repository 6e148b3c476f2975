import { MidjourneyError } from "./errors.js";
import { Client } from "./midapi.js";

/**
 * The class people use, for a runtime whose way to load the WebAssembly module is `load`. It decides nothing: it loads
 * the module at the first call and turns what the module throws into errors.
 */
export function midjourney(load) {
  return class Midjourney {
    #options;
    #client;

    constructor({ endpoint, apiKey, dangerouslyAllowBrowser = false } = {}) {
      if (apiKey !== undefined && !dangerouslyAllowBrowser && inBrowser()) {
        throw new MidjourneyError({
          kind: "misconfigured",
          message:
            "apiKey: everyone who opens this page could read it; run the gateway and pass its `endpoint` instead, " +
            "or set dangerouslyAllowBrowser",
          field: "apiKey",
          billed: "no",
          retryable: false,
        });
      }
      this.#options = { endpoint, apiKey };
    }

    generate(request, options) {
      return this.#call((client) => client.generate(request, options));
    }

    upscale(task, index, options) {
      return this.#call((client) => client.upscale(task, index, options));
    }

    status(task, options) {
      return this.#call((client) => client.status(task, options));
    }

    record(task, options) {
      return this.#call((client) => client.record(task, options));
    }

    wait(task, options) {
      return this.#call((client) => client.wait(task, options));
    }

    run(request, options) {
      return this.#call((client) => client.run(request, options));
    }

    async #call(call) {
      await loaded(load);
      try {
        this.#client ??= new Client(absolute(this.#options.endpoint), this.#options.apiKey);
        return await call(this.#client);
      } catch (thrown) {
        throw typeof thrown?.kind === "string" ? new MidjourneyError(thrown) : thrown;
      }
    }
  };
}

async function loaded(load) {
  try {
    await load();
  } catch (cause) {
    const message = "the package's WebAssembly module could not be loaded; nothing was sent";
    throw new MidjourneyError({ kind: "network", message, billed: "no", retryable: true, cause });
  }
}

function inBrowser() {
  // `importScripts` is there in a browser's workers, also in those that may not call it.
  return typeof document !== "undefined" || typeof importScripts === "function";
}

/** In a page an endpoint may be relative to it, such as "/api/v1/mj". What is no URL comes out empty, which is refused. */
function absolute(endpoint) {
  if (endpoint === undefined) return undefined;
  const base = globalThis.location?.href;
  return URL.canParse(endpoint, base) ? new URL(endpoint, base).href : "";
}

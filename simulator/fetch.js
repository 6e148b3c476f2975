import { timeUntil } from "./clock.js";
import { factsOfOptions, refuseUnknown } from "./facts.js";
import { Memory } from "./memory.js";
import { answer, isSubmit } from "./routes.js";
import { Vendor } from "./vendor.js";

/**
 * A `fetch` that a vendor of its own answers, from memory: `simulator`. And `answered`, the response to a request as it goes
 * over the wire and what the call was, for a server.
 *
 * @param more the names of options that are somebody else's
 */
export function simulatedFetch(options, more = []) {
  if (typeof options !== "object" || options === null) throw new TypeError("simulator: the options must be an object");
  refuseUnknown(options, ["fetch", ...more]);
  if (options.fetch !== undefined && typeof options.fetch !== "function") {
    throw new TypeError("simulator: `fetch` must be a function like the host's `fetch`");
  }
  const facts = factsOfOptions(options);
  const hostsAtFirst = globalThis.fetch;
  // The host's as it is then, as a test may have put one of its own there; but a callback is nothing to ask the vendor.
  const hosts = () => (globalThis.fetch === simulated ? hostsAtFirst : globalThis.fetch);
  const post = options.fetch ?? ((url, init) => hosts()(url, init));
  const begin = () => ({ vendor: new Vendor(facts, new Memory(), post), calls: [], timer: undefined, isOver: false });
  let world = begin();

  async function answered(request) {
    // What begins before a reset has nothing to do with what comes after it.
    const here = world;
    const { response, call } = await answer(here.vendor, request);
    here.calls.push(Object.freeze(call));
    setTimer(here);
    return { response, call };
  }

  async function simulated(input, init) {
    const { signal = input?.signal, ...rest } = init ?? {};
    // Not given to the request: where a test environment has signals of its own, `Request` refuses them.
    throwIfAborted(signal);
    const request = new Request(input, rest);
    const { response, call } = await answered(request);
    throwIfAborted(signal);
    return call.route === "file" ? fetched(response, request, signal) : response;
  }

  Object.defineProperties(simulated, {
    calls: { enumerable: true, get: () => [...world.calls] },
    submits: { enumerable: true, get: () => world.calls.filter(isSubmit) },
    reset: {
      enumerable: true,
      value: () => {
        clearTimeout(world.timer);
        world.isOver = true;
        world = begin();
      },
    },
  });
  return { simulator: simulated, answered };
}

/** What a `fetch` makes of a file's response. */
function fetched(response, { redirect }, signal) {
  const { status, headers } = response;
  const target = headers.get("Location");
  if (target !== null && redirect !== "manual") throw new TypeError(`the simulator reaches no other host, such as ${target}`);
  const isCompressed = headers.get("Content-Encoding") === "gzip";
  if (response.body === null || !(isCompressed || signal)) return response;
  const body = isCompressed ? response.body.pipeThrough(new DecompressionStream("gzip")) : response.body;
  return new Response(signal ? untilAborted(body, signal) : body, { status, headers });
}

/** A file may take for ever; whoever asked for it may end that. */
function untilAborted(body, signal) {
  const reader = body.getReader();
  let abort;
  const end = () => signal.removeEventListener("abort", abort);
  return new ReadableStream({
    start(controller) {
      abort = () => {
        controller.error(signal.reason);
        reader.cancel(signal.reason).catch(() => {});
      };
      signal.addEventListener("abort", abort, { once: true });
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (signal.aborted) return;
      if (!done) return controller.enqueue(value);
      end();
      controller.close();
    },
    cancel(reason) {
      end();
      return reader.cancel(reason);
    },
  });
}

/** For the next callback. */
function setTimer(world) {
  clearTimeout(world.timer);
  const next = world.vendor.nextCallback();
  if (next === undefined || world.isOver) return;
  world.timer = setTimeout(async () => {
    await world.vendor.deliverCallbacks();
    setTimer(world);
  }, timeUntil(next.due));
  // A receiver that is gone keeps no process waiting for the tries that are left.
  if (next.tries > 0) world.timer.unref?.();
}

function throwIfAborted(signal) {
  if (signal?.aborted) throw signal.reason;
}

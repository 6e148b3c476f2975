import { MidjourneyError } from "./errors.js";
import start from "./midapi.js";

/**
 * What starts the WebAssembly module: `load` inside the first call, from where `usual` has it; `init` before that, from
 * where the caller has it. A start that failed is as none: the next call tries again.
 *
 * `address` says where `usual` has it from.
 */
export function loader(usual, address = () => "its package") {
  let starting;
  let isStarted = false;
  const begin = (source) => {
    const mine = (async () => {
      try {
        await start({ module_or_path: await source() });
        isStarted = true;
      } finally {
        if (starting === mine) starting = undefined;
      }
    })();
    return (starting = mine);
  };
  return {
    init: async (source) => {
      if (!isStarted) await begin(source === undefined ? usual : () => source);
    },
    /** Nothing to wait for once it has started. */
    load: () => (isStarted ? undefined : inOurWords(starting ?? begin(usual), address)),
  };
}

/** A failure that may be over the next time: the network's. Whatever else is in the way stays there. */
export class Unreachable extends Error {}

async function inOurWords(starting, address) {
  try {
    await starting;
  } catch (cause) {
    const isPassing = cause instanceof Unreachable;
    const reason = cause?.message || String(cause);
    const mend = isPassing ? "" : `. ${mendOf(reason)}`;
    const message = `the package's WebAssembly module could not be loaded from ${place(address)}: ${reason}${mend}; nothing was sent`;
    const kind = isPassing ? "network" : "misconfigured";
    throw new MidjourneyError({ kind, message, billed: "no", retryable: isPassing }, isPassing ? cause.cause : cause);
  }
}

function place(address) {
  try {
    return String(address());
  } catch {
    return "beside the code, whose address isn't known";
  }
}

function mendOf(reason) {
  if (typeof WebAssembly === "undefined") return "This host has no WebAssembly, and the package can't do without";
  if (/CSP|Content Security Policy|unsafe-eval/.test(reason)) return "Let script-src of the Content-Security-Policy have 'wasm-unsafe-eval'";
  return "Have midapi_bg.wasm of the package served there, or pass it to `init`";
}

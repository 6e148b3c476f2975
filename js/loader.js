import { MidjourneyError } from "./errors.js";
import start from "./midapi.js";

/**
 * What starts the WebAssembly module: `load` inside the first call, from where `usual` has it; `init` before that, from
 * where the caller has it. A start that failed is as none: the next call tries again.
 */
export function loader(usual) {
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
    load: () => (isStarted ? undefined : inOurWords(starting ?? begin(usual))),
  };
}

async function inOurWords(starting) {
  try {
    await starting;
  } catch (cause) {
    const message = "the package's WebAssembly module could not be loaded; nothing was sent";
    throw new MidjourneyError({ kind: "network", message, billed: "no", retryable: true }, cause);
  }
}

import { MidjourneyError } from "./errors.js";
import start from "./midapi.js";
import { midjourney } from "./midjourney.js";

let started;

/** Starts the WebAssembly module from wherever the caller has it. A start that failed may be tried again. */
export async function init(source) {
  started = start({ module_or_path: source });
  await started;
}

export const Midjourney = midjourney(() => started ?? refuse());
export { isMidjourneyError, MidjourneyError } from "./errors.js";

function refuse() {
  const message = 'call `init` of "midapi/slim" first, with the module "midapi/wasm" or its URL; nothing was sent';
  throw new MidjourneyError({ kind: "misconfigured", message, billed: "no", retryable: false });
}

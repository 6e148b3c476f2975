import { MidjourneyError } from "./errors.js";
import start from "./midapi.js";
import { midjourney } from "./midjourney.js";

let started;

/** Starts the WebAssembly module from wherever the caller has it. A start that failed may be tried again. */
export async function init(source) {
  started = start({ module_or_path: source });
  await started;
}

const Started = midjourney(() => started);

export class Midjourney extends Started {}

// Refused here, not by `load`: the class takes what that throws for a failure of the network.
for (const name of Object.getOwnPropertyNames(Started.prototype).filter((name) => name !== "constructor")) {
  Midjourney.prototype[name] = function (...args) {
    return started ? Started.prototype[name].apply(this, args) : Promise.reject(notStarted());
  };
}

function notStarted() {
  const message = 'call `init` of "midapi/slim" first, with the module "midapi/wasm" or its URL; nothing was sent';
  return new MidjourneyError({ kind: "misconfigured", message, billed: "no", retryable: false });
}

export { isMidjourneyError, MidjourneyError } from "./errors.js";

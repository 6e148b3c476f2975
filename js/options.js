import { refusal } from "./errors.js";

/**
 * Names the option by which a batch and the host share what they know of a call: `left`, why nobody wants to submit any
 * more; `leave`, which ends it then, and is there while nothing is on its way; `submit`, what was sent under a key.
 */
export const FLIGHT = Symbol("flight");

/** The options of a call: what is data, for the module to judge, and the signal and the function, which are the caller's. */
export function options(given) {
  const { signal, onUpdate, [FLIGHT]: flight, ...values } = given ?? {};
  if (signal && !isSignal(signal)) throw refusal("invalid_request", "signal", "must be an AbortSignal");
  if (onUpdate && typeof onUpdate !== "function") throw refusal("invalid_request", "onUpdate", "must be a function");
  // What is no object is left for the module to refuse.
  return { signal: signal ?? undefined, onUpdate, flight, values: typeof given === "object" ? values : given };
}

/** By its shape, so that a signal of another realm or a polyfill is one too. */
function isSignal(value) {
  return typeof value.aborted === "boolean" && typeof value.addEventListener === "function";
}

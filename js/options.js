import { refusal } from "./errors.js";

/** The options of a call: what is data, for the module to judge, and the signal and the function, which are the caller's. */
export function options(given) {
  const { signal, onUpdate, ...values } = given ?? {};
  if (signal && !isSignal(signal)) throw refusal("invalid_request", "signal", "must be an AbortSignal");
  if (onUpdate && typeof onUpdate !== "function") throw refusal("invalid_request", "onUpdate", "must be a function");
  // What is no object is left for the module to refuse.
  return { signal: signal ?? undefined, onUpdate, values: typeof given === "object" ? values : given };
}

/** By its shape, so that a signal of another realm or a polyfill is one too. */
function isSignal(value) {
  return typeof value.aborted === "boolean" && typeof value.addEventListener === "function";
}

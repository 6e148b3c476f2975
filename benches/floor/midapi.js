/** In place of the package's module, to cost nothing: what the real one asked of its host the first time is asked again. */
import { recorded } from "./recorded.js";
import { begin as realBegin, happened as realHappened } from "./real.js";

export { __wbg_reset_state, initSync } from "./real.js";

/** What was asked, by the operation and how far it had come. */
const known = new Map();
/** The operations of the calls under way. */
const operations = new Map();

export function begin(of, call, operation, ...rest) {
  operations.set(call, operation);
  askAgain(`${operation} begins`, call, () => realBegin(of, call, operation, ...rest));
}

export function happened(call, ...rest) {
  const operation = operations.get(call);
  operations.delete(call);
  askAgain(`${operation} goes on`, call, () => realHappened(call, ...rest));
}

function askAgain(when, call, door) {
  const asked = known.get(when);
  if (asked) for (const [ask, args] of asked) ask(call, ...args);
  else known.set(when, recorded(door));
}

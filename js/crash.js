/**
 * The calls in flight. A panic ends the module's instance, and the promises it made would never settle: callers get
 * promises of this registry's in their place, which are rejected then, and a new instance takes over.
 */
import { MidjourneyError } from "./errors.js";
import { crashed, __wbg_reset_state as startAnew } from "./midapi.js";

const flights = new Set();

/** Counts the instances: what belongs to an earlier one is stale. */
export let instance = 1;

/**
 * The promise of a call. `flight` has what the module is to know of the caller; the module keeps in it what is to be known
 * of the call after a crash: `submits`, `taskId`, `submit`. `begin` gets it, and returns the module's promise.
 */
export function inFlight(flight, begin) {
  return new Promise((resolve, reject) => {
    flight.reject = reject;
    flights.add(flight);
    const ends = (settle) => (outcome) => {
      flights.delete(flight);
      settle(outcome);
    };
    try {
      begin(flight).then(ends(resolve), ends(reject));
    } catch (thrown) {
      if (isTrap(thrown)) return trapped(thrown);
      ends(reject)(thrown);
    }
  });
}

/** What the module answers at once. */
export function atOnce(ask) {
  try {
    return ask();
  } catch (thrown) {
    if (!isTrap(thrown)) throw thrown;
    trapped(thrown);
    throw crashError({}, thrown);
  }
}

/** Told of what escapes from the module, also where the host calls it: see `xtask/src/glue.rs`. */
export function trapped(thrown) {
  if (!isTrap(thrown)) throw thrown;
  startAnew();
  instance++;
  const ended = [...flights];
  flights.clear();
  for (const flight of ended) flight.reject(crashError(flight, thrown));
}

/** The error of what a crash ended. */
export function crashError({ submits = false, taskId, submit }, cause) {
  return crashed(submits, taskId, submit, cause);
}

/**
 * A panic, the stack's end, or an exception of the host's that nobody in the module took: what was borrowed then stays
 * borrowed, so the instance is not to be used again.
 */
function isTrap(thrown) {
  return !(thrown instanceof MidjourneyError);
}

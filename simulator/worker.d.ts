/**
 * A Worker that simulates the vendor, in memory: each of its instances has tasks and accounts of its own. Its variables are
 * the options of `simulator`, such as `SUBMITS_PER_10_SECONDS`; `DURATIONS` is JSON.
 */
declare const worker: {
  fetch(request: Request, env?: object, context?: { waitUntil(promise: Promise<unknown>): void }): Promise<Response>;
};
export default worker;

import { MidjourneyError } from "./errors.js";

/** How often a file is asked for: the vendor's host is at times slow to have it. */
const TRIES = 3;

/** How long one file may take at a try, in milliseconds. */
const TRY_TIMEOUT_MS = 60_000;

/**
 * The bytes of the first `n` results of a task, in their order, each `{ bytes, type }`. To ask again costs nothing.
 *
 * @param kind what they have to be, `image` or `video`
 * @throws {MidjourneyError} with the task's id, `billed: "yes"` and all `urls`: the task is paid for and there
 */
export async function downloaded(get, task, results, n, { maxBytes, kind, signal }) {
  // Where one fails the others are of no use.
  const others = new AbortController();
  const signals = [others.signal, signal].filter((signal) => signal !== undefined);
  try {
    if (results.length === 0) throw new Error(`it has no ${kind}`);
    const file = ({ url }) => fileAt(get, url, { maxBytes, kind, signal: AbortSignal.any(signals) });
    return await Promise.all(results.slice(0, n).map(file));
  } catch (cause) {
    others.abort();
    const isAborted = signal?.aborted === true;
    const message = `the task has succeeded and is paid for, and its results lie at their \`urls\`, but ${isAborted ? "the download was aborted" : `could not be downloaded: ${cause.message}`}`;
    const urls = results.map(({ url }) => url);
    throw new MidjourneyError({ kind: isAborted ? "aborted" : "network", message, billed: "yes", retryable: false, taskId: task.taskId, urls }, cause);
  }
}

async function fileAt(get, url, limits) {
  for (let tries = 1; ; tries++) {
    try {
      return await fileOnce(get, url, limits);
    } catch (error) {
      if (limits.signal.aborted || error instanceof Refused || tries === TRIES) throw error;
    }
  }
}

/** An answer that will be the same the next time. */
class Refused extends Error {}

async function fileOnce(get, url, { maxBytes, kind, signal }) {
  const response = await get(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TRY_TIMEOUT_MS)]) });
  if (!response.ok) {
    const PassingError = response.status >= 500 || [404, 408, 429].includes(response.status) ? Error : Refused;
    await response.body?.cancel();
    throw new PassingError(`the server answers ${response.status}`);
  }
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("text/")) {
    await response.body?.cancel();
    throw new Error(`the server answers with ${type}, which is no ${kind}`);
  }
  const reader = response.body.getReader();
  const parts = [];
  let length = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    length += read.value.byteLength;
    if (length > maxBytes) {
      await reader.cancel();
      throw new Refused(`the file is longer than ${maxBytes} bytes`);
    }
    parts.push(read.value);
  }
  if (length === 0) throw new Error("the file is empty");
  return { bytes: new Uint8Array(await new Blob(parts).arrayBuffer()), type };
}

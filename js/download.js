import { MidjourneyError } from "./errors.js";

/** How often a file is asked for: the vendor's host is at times slow to have it. */
const TRIES = 3;

/**
 * The bytes of a task's results, in their order, each `{ bytes, type }`. To ask again costs nothing.
 *
 * @throws {MidjourneyError} `network` with the task's id, `billed: "yes"` and the `urls`: the task is paid for and there
 */
export async function downloaded(get, task, results, { maxBytes, signal }) {
  try {
    return await Promise.all(results.map(({ url }) => fileAt(get, url, maxBytes, signal)));
  } catch (cause) {
    const isAborted = signal?.aborted === true;
    const message = `the task has succeeded and is paid for, and its results lie at their \`urls\`, but ${isAborted ? "the download was aborted" : `could not be downloaded: ${cause.message}`}`;
    const urls = results.map(({ url }) => url);
    const kind = isAborted ? "aborted" : "network";
    throw new MidjourneyError({ kind, message, billed: "yes", retryable: false, taskId: task.taskId, urls }, cause);
  }
}

async function fileAt(get, url, maxBytes, signal) {
  for (let tries = 1; ; tries++) {
    try {
      return await fileOnce(get, url, maxBytes, signal);
    } catch (error) {
      if (signal?.aborted || error instanceof Refused || tries === TRIES) throw error;
    }
  }
}

/** An answer that will be the same the next time. */
class Refused extends Error {}

async function fileOnce(get, url, maxBytes, signal) {
  const response = await get(url, { signal });
  if (!response.ok) {
    const PassingError = response.status >= 500 || [404, 408, 429].includes(response.status) ? Error : Refused;
    await response.body?.cancel();
    throw new PassingError(`the server answers ${response.status}`);
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
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return { bytes, type: response.headers.get("Content-Type") ?? "" };
}

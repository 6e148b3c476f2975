/** Result files as a broken host serves them, or one that is somebody else's. */

const HTML = "<!doctype html><title>A picture</title><script>globalThis.ran = true</script>";
const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" onload="globalThis.ran = true">' +
  "<script>globalThis.ran = true</script></svg>";
const CHUNK_BYTES = 64 * 1024;
const INFLATED_BYTES = 64 * 1024 * 1024;

/** How each word of the directive `file` has a file served, which is `bytes` and their `type`. */
const SERVED = {
  html: () => fileResponse(encoded(HTML), "text/html; charset=UTF-8"),
  "disguised-html": ({ type }) => fileResponse(encoded(HTML), type),
  svg: () => fileResponse(encoded(SVG), "image/svg+xml"),
  "disguised-svg": ({ type }) => fileResponse(encoded(SVG), type),
  polyglot: ({ bytes, type }) => fileResponse(joined(bytes, encoded(HTML)), type),
  empty: ({ type }) => fileResponse(new Uint8Array(), type),
  "no-length": ({ bytes, type }) => new Response(streamOf(bytes, "close"), { headers: { "Content-Type": type } }),
  endless: ({ bytes, type }) => new Response(streamOf(bytes, "continue"), { headers: { "Content-Type": type } }),
  stalled: ({ bytes, type }) => new Response(lengthOf(bytes, streamOf(halfOf(bytes), "wait")), withLength(bytes, type)),
  short: ({ bytes, type }) => new Response(lengthOf(bytes, streamOf(halfOf(bytes), "break")), withLength(bytes, type)),
  inflating: inflating,
  redirect: ({ name }) => new Response(null, { status: 302, headers: { Location: `https://elsewhere.example/m/${name}` } }),
};
const STATUSES = { 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error" };

/** The words of the directive `file`. */
export const FILES = [
  ...Object.keys(SERVED),
  ...Object.keys(STATUSES).flatMap((status) => [status, onceOf(status)]),
];

/** The response with a file as the word says; `wasAsked` if it was asked for before. */
export function hostileResponse(word, file, wasAsked) {
  if (Object.hasOwn(SERVED, word)) return SERVED[word](file);
  const [status, text] = Object.entries(STATUSES).find(([status]) => word === status || word === onceOf(status));
  if (word !== status && wasAsked) return fileResponse(file.bytes, file.type);
  return new Response(text, { status: Number(status) });
}

/** The response with a file. The length is told in so many words: not every host adds it. */
export const fileResponse = (bytes, type) => new Response(bytes, withLength(bytes, type));

const withLength = ({ length }, type) => ({ headers: { "Content-Type": type, "Content-Length": String(length) } });

function onceOf(status) {
  return `${status}-once`;
}

/** The file and zeros behind it, a thousand times smaller on the way than when it is read. */
async function inflating({ bytes, type }) {
  let left = INFLATED_BYTES;
  const zeros = new Uint8Array(1024 * 1024);
  const content = new ReadableStream({
    start: (controller) => controller.enqueue(bytes),
    pull(controller) {
      if (left === 0) return controller.close();
      left -= zeros.length;
      controller.enqueue(zeros);
    },
  });
  const sent = new Uint8Array(await new Response(content.pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
  const { headers } = withLength(sent, type);
  // The Workers runtime would compress it once more.
  return new Response(sent, { headers: { ...headers, "Content-Encoding": "gzip" }, encodeBody: "manual" });
}

/** A stream of these bytes, and what comes after them: it closes, continues, waits or breaks. */
function streamOf(bytes, then) {
  let at = 0;
  let isWanted = true;
  return new ReadableStream({
    async pull(controller) {
      // Others have their turn in between: whoever reads without a limit can still be told to stop.
      await pause(0);
      if (at < bytes.length) {
        controller.enqueue(bytes.slice(at, at + CHUNK_BYTES));
        at += CHUNK_BYTES;
      } else if (then === "close") controller.close();
      else if (then === "break") controller.error(new TypeError("terminated"));
      else if (then === "continue") controller.enqueue(new Uint8Array(CHUNK_BYTES));
      // The Workers runtime ends what waits for nothing, and Node a process that does.
      else while (isWanted) await pause(1000);
    },
    cancel() {
      isWanted = false;
    },
  });
}

/** The stream with a length that the Workers runtime tells; others take it from the headers. */
function lengthOf({ length }, stream) {
  return globalThis.FixedLengthStream ? stream.pipeThrough(new FixedLengthStream(length)) : stream;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const encoded = (text) => new TextEncoder().encode(text);

const halfOf = (bytes) => bytes.slice(0, bytes.length / 2);

function joined(first, second) {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

import { midjourney } from "./client.js";
import { loader, Unreachable } from "./loader.js";

/** The module lies beside this file. */
const address = () => new URL("./midapi_bg.wasm", import.meta.url);

export const { init, load } = loader(async () => {
  const url = address();
  const response = await reached(fetch(url));
  if (!response.ok) throw new Error(`the server answers ${response.status}`);
  // Not while it streams: that needs a server that knows the module's type, and so small a module is compiled at once.
  const bytes = await reached(response.arrayBuffer());
  return WebAssembly.compile(bytes);
}, address);

function reached(reply) {
  return reply.catch((cause) => {
    throw new Unreachable(cause.message, { cause });
  });
}

export const Midjourney = midjourney(load);
export * from "./exports.js";

import { midjourney } from "./client.js";
import { loader } from "./loader.js";

/** The module lies beside this file. */
export const { init, load } = loader(async () => {
  const url = new URL("./midapi_bg.wasm", import.meta.url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  // Not while it streams: that needs a server that knows the module's type, and so small a module is compiled at once.
  return WebAssembly.compile(await response.arrayBuffer());
});

export const Midjourney = midjourney(load);
export { isMidjourneyError, MidjourneyError } from "./errors.js";

export * from "./index.js";

/** Where the WebAssembly module is, or what is there: its URL, a response, its bytes, or the compiled module. */
export type ModuleSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/**
 * Starts the WebAssembly module; called once, before the first call of a `Midjourney`, which fails with `misconfigured`
 * otherwise. Fails with the host's own error if there is no such module; then it may be called again.
 */
export function init(source: ModuleSource | PromiseLike<ModuleSource>): Promise<void>;

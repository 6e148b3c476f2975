export * from "./index.js";

/** A compiled module, where the types of the host know WebAssembly; Node's alone don't. */
type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object;

/** Where the WebAssembly module is, or what is there: its URL, a response, its bytes, or the compiled module. */
export type ModuleSource = string | URL | Request | Response | ArrayBuffer | ArrayBufferView | CompiledModule;

/**
 * Starts the WebAssembly module, which `midapi/slim` doesn't do by itself. To be called before the first call of a
 * `Midjourney`, which fails with `misconfigured` otherwise; once it has started, calling it again does nothing.
 *
 * @throws the host's own error if there is no such module; then it may be called again
 */
export function init(source: ModuleSource | PromiseLike<ModuleSource>): Promise<void>;

/**
 * The same for the second module, `midapi/questions-wasm`, which answers what needs no server: to be called before the
 * first `lint` or `estimate`, by programs that use them.
 *
 * @throws the host's own error if there is no such module; then it may be called again
 */
export function initQuestions(source: ModuleSource | PromiseLike<ModuleSource>): Promise<void>;

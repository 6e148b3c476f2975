/** A compiled module, where the types of the host know WebAssembly; Node's alone don't. */
type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object;

/** What the bundler makes of a `.wasm` file: its URL, its bytes or the compiled module. `init` takes each of them. */
declare const wasm: string | Uint8Array | CompiledModule;
export default wasm;

/** What the bundler makes of a `.wasm` file: its URL, its bytes or the compiled module. `init` takes each of them. */
declare const wasm: string | Uint8Array<ArrayBuffer> | WebAssembly.Module;
export default wasm;

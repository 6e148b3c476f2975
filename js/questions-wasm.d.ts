export { default } from "./wasm.js";

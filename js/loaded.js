import { MidjourneyError } from "./errors.js";

/** Loads a module, and says in the package's words if that fails. */
export async function loaded(load) {
  try {
    await load();
  } catch (cause) {
    if (cause instanceof MidjourneyError) throw cause;
    const message = "the package's WebAssembly module could not be loaded; nothing was sent";
    throw new MidjourneyError({ kind: "network", message, billed: "no", retryable: true, cause });
  }
}

/** Every failure of the package. Switch on `kind`; the message is for people. */
export class MidjourneyError extends Error {
  /** @param fields the plain object the WebAssembly module throws */
  constructor({ message, cause, ...fields }) {
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, fields);
  }
}
// On the prototype: a name of its own on each error would be printed twice.
MidjourneyError.prototype.name = "MidjourneyError";

/** Whether a caught value is such an error, even one of another copy of this package. */
export function isMidjourneyError(value) {
  return value instanceof Error && value.name === "MidjourneyError" && typeof value.kind === "string";
}

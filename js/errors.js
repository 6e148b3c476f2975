/** Every failure of the package. Switch on `kind`; the message is for people. */
export class MidjourneyError extends Error {
  /** @param fields what the module says of the error, and the host's own exception as `cause` */
  constructor({ message, cause, ...fields }) {
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, fields);
  }

  toJSON() {
    return plain(this);
  }
}
// On the prototype: a name of its own on each error would be printed twice.
MidjourneyError.prototype.name = "MidjourneyError";

/** What may be kept of an error, whoever threw it: its cause is the host's own, and may hold the key. */
export const plain = (error) => ({ ...error, message: error.message });

/** Whether a caught value is such an error, even one of another copy of this package. */
export function isMidjourneyError(value) {
  return value instanceof Error && value.name === "MidjourneyError" && typeof value.kind === "string";
}

/** An error about something the module never gets to see. Nothing was sent. */
export function refusal(kind, field, must, cause) {
  return new MidjourneyError({ kind, message: `${field}: ${must}`, field, billed: "no", retryable: false, cause });
}

/** Every failure of the package. Switch on `kind`; the message is for people. */
export class MidjourneyError extends Error {
  /**
   * @param fields what is known of the failure, its `message` included
   * @param cause what lies beneath, such as the host's own exception
   */
  constructor({ message, ...fields }, cause) {
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, fields);
  }

  /** As data to keep, without the cause: that is the host's own, and may hold the key. */
  toJSON() {
    return { ...this, message: this.message };
  }
}
// On the prototype: a name of its own on each error would be printed twice.
MidjourneyError.prototype.name = "MidjourneyError";

/** Whether a caught value is such an error, even one of another copy of this package. */
export function isMidjourneyError(value) {
  return value instanceof Error && value.name === "MidjourneyError" && typeof value.kind === "string";
}

/** An error about something the module never gets to see. Nothing was sent. */
export function refusal(kind, field, must, cause) {
  return new MidjourneyError({ kind, message: `${field}: ${must}`, field, billed: "no", retryable: false }, cause);
}

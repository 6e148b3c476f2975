const FIELDS = {
  prompt: "Prompt",
  fileUrl: "Link to the source image",
  fileUrls: "Link to the source image",
  stylization: "Stylization",
  aspectRatio: "Aspect ratio",
};

const WORDS = {
  unauthorized: () => "The gateway doesn't let this page in.",
  insufficient_credits: () => "The account behind this page is out of credits.",
  rate_limited: ({ retryAfter }) => `Too many requests at once. Try again in ${retryAfter ?? 10} seconds.`,
  maintenance: () => "The vendor is down for maintenance. Nothing was spent; try again later.",
  disabled: () => "The vendor has switched this feature off.",
  network: () => "The gateway can't be reached. Check the connection.",
  still_running: () => "This takes longer than expected and is still running. Nothing is lost.",
  aborted: () => "Cancelled.",
};

/** An error, as a sentence for the person in front of the page. The vendor's own reasons are shown as they are. */
export function explain(error) {
  const sentence = WORDS[error.kind]?.(error) ?? named(error);
  const caution =
    error.billed === "unknown" && error.kind !== "task_failed"
      ? " It may have been submitted all the same, so it was not sent again: look before you pay twice."
      : "";
  return sentence + caution;
}

/** "prompt: must be …" with the field as the page calls it. */
function named({ message, field }) {
  const name = FIELDS[field];
  return name && message.startsWith(`${field}: `) ? `${name} ${message.slice(field.length + 2)}` : message;
}

const FIELDS = {
  prompt: "The prompt",
  fileUrl: "The link to the source image",
  fileUrls: "The link to the source image",
  stylization: "Stylization",
  aspectRatio: "The aspect ratio",
};

const WORDS = {
  unauthorized: () => "The gateway doesn't let this page in. Sign in with a token, or reload the page to ask again.",
  insufficient_credits: ({ message }) =>
    message.startsWith("daily cap: ")
      ? `${sentence(message)} Nothing was spent; there are more after midnight UTC.`
      : "The account behind this page is out of credits.",
  rate_limited: ({ retryAfter }) => `Too many requests at once. Try again ${inAWhile(retryAfter)}.`,
  maintenance: () => "The vendor is down for maintenance. Nothing was spent; try again later.",
  disabled: ({ message }) =>
    message.startsWith("this gateway ") ? `${sentence(message)} Nothing was spent.` : "The vendor has switched this feature off.",
  misconfigured: () => "The gateway behind this page is not set up rightly. Nothing was spent.",
  aborted: () => "Cancelled.",
};

/** An error as plain data, with something else to say of it. */
export const restated = ({ kind, message, field, retryAfter, billed }, changes) => ({ kind, message, field, retryAfter, billed, ...changes });

/** An error, as a sentence for the person in front of the page. The vendor's own reasons are shown as they are. */
export function explain(error) {
  return WORDS[error.kind]?.(error) ?? (error.kind === "task_failed" ? error.message : sentence(named(error)));
}

/** "prompt: must be …" with the field as the page calls it. */
function named({ message, field }) {
  const name = FIELDS[field];
  if (name === FIELDS.fileUrl && /^\w+: is required/.test(message)) return "A picture is needed: add one, or a link to one";
  return name && message.startsWith(`${field}: `) ? `${name} ${message.slice(field.length + 2)}` : message;
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? "" : ".");
}

function inAWhile(seconds = 10) {
  return seconds <= 600 ? `in ${seconds} seconds` : "later";
}

import { refusal } from "./errors.js";

/**
 * A caller's value as JSON. What JSON has no word for, such as NaN, becomes what no rule accepts: it would be left out
 * without a word otherwise, and paid for.
 */
export function json(value) {
  try {
    return JSON.stringify(value, needsWords(value) ? plain : undefined) ?? "null";
  } catch (cause) {
    throw refusal("invalid_request", "body", "must be plain data that JSON can hold", cause);
  }
}

/** Whether anything in it is not what JSON has: for nearly everyone nothing is, and asking is quicker than a replacer. */
function needsWords(value) {
  switch (typeof value) {
    case "object":
      for (const name in value) if (needsWords(value[name])) return true;
      return false;
    case "number":
      return !Number.isFinite(value);
    default:
      return typeof value === "bigint" || typeof value === "function" || typeof value === "symbol";
  }
}

function plain(name, value) {
  // To wait without an end is the one thing worth saying with a number JSON doesn't have.
  if (value === Infinity && name === "timeout") return Number.MAX_SAFE_INTEGER;
  // A list of an object is no value of anything, and no object either.
  return typeof value !== "object" && needsWords(value) ? [{}] : value;
}

import { refusal } from "./errors.js";

/**
 * A caller's value as it is now: a copy, as plain data, so that what is done to it later changes nothing, and getters and
 * proxies run here and not inside the module. It has what JSON would keep. What JSON has no word for, such as NaN, is not
 * dropped as `JSON.stringify` does: the module refuses it by its field's name.
 */
export function plain(value) {
  if (typeof value !== "object" || value === null) return value;
  try {
    return copy(value);
  } catch (cause) {
    throw refusal("invalid_request", "body", "must be plain data that JSON can hold", cause);
  }
}

/** Options: what is data, and `own`, the objects and functions of these names, which are the caller's own. */
export function optionsOf(given, names, kind = "invalid_request") {
  if (typeof given !== "object" || given === null) return { options: given, own: {} };
  try {
    const options = { ...given };
    const own = {};
    for (const name of names) {
      own[name] = options[name];
      delete options[name];
    }
    return { options: copy(options), own };
  } catch (cause) {
    throw refusal(kind, "options", `must be plain data that JSON can hold, but for ${names.join(" and ")}`, cause);
  }
}

/** The options of a call that are no data. */
export const CALL_OPTIONS = ["signal", "onUpdate"];

function copy(value) {
  const data = typeof value?.toJSON === "function" ? value.toJSON() : value;
  // No field is a number that is none; the module can't read these at all.
  if (["bigint", "function", "symbol"].includes(typeof data)) return NaN;
  if (typeof data !== "object" || data === null) return data;
  if (Array.isArray(data)) return data.map(copy);
  // Without a prototype, so that every name is a name like any other.
  const fields = Object.create(null);
  for (const name of Object.keys(data)) {
    const field = data[name];
    if (field !== undefined) fields[name] = typeof field === "string" ? field : copy(field);
  }
  return fields;
}

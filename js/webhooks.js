/** For people who run their own receiver of the vendor's callbacks: on a server, as a secret is involved. */
import { load } from "#runtime";
import { atOnce } from "./crash.js";
import { MidjourneyError, refusal } from "./errors.js";
import { callbackMessage, parseCallback as parse, signedCallback } from "./midapi.js";

const TIMESTAMP = "X-Webhook-Timestamp";
const SIGNATURE = "X-Webhook-Signature";

/** What a callback says, whoever sent it. */
export async function parseCallback(body) {
  await load();
  const received = text(body);
  return atOnce(() => parse(received));
}

/** What a callback says, if it was signed with the secret, or one of the secrets, not long ago. */
export async function verifyCallback(request, { secret, tolerance, now = Date.now() } = {}) {
  await load();
  const secrets = checkedSecrets([secret].flat());
  if (typeof now !== "number") throw refusal("misconfigured", "now", "must be a number of milliseconds since 1970");
  const body = await bodyOf(request);
  const [timestamp, signature] = [TIMESTAMP, SIGNATURE].map((name) => header(request.headers, name));
  const signed = atOnce(() => signedCallback(body, timestamp, signature, Math.floor(now / 1000), tolerance));
  const bytes = Uint8Array.from(atob(signed.signature), (char) => char.charCodeAt(0));
  for (const secret of secrets) {
    // The host compares in constant time.
    if (await crypto.subtle.verify("HMAC", await key(secret, "verify"), bytes, utf8(signed.message))) return signed.callback;
  }
  const message = `${SIGNATURE}: is not by this secret`;
  throw new MidjourneyError({ kind: "unverified", message, billed: "no", retryable: false });
}

/** The headers that sign a callback, for tests of a receiver. */
export async function signCallback(body, { secret, timestamp = Math.floor(Date.now() / 1000) } = {}) {
  await load();
  checkedSecrets([secret]);
  const callback = text(body);
  const message = atOnce(() => callbackMessage(callback, timestamp));
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", await key(secret, "sign"), utf8(message)));
  return { [TIMESTAMP]: String(timestamp), [SIGNATURE]: btoa(String.fromCharCode(...signature)) };
}

function checkedSecrets(secrets) {
  if (secrets.length > 0 && secrets.every((secret) => typeof secret === "string" && secret !== "")) return secrets;
  throw refusal("misconfigured", "secret", "must be the secret the callbacks are signed with, or a list of such");
}

/** The body of a request, which has to be there: what isn't is the receiver's mistake, not the sender's. */
async function bodyOf(request) {
  const wrong = (must, cause) => refusal("invalid_request", "request", must, cause);
  if (typeof request !== "object" || request === null) throw wrong(MUST_BE);
  if (typeof request.headers !== "object" || request.headers === null) {
    throw wrong(typeof request.raw === "object" ? "has no `headers`; in Hono pass `c.req.raw`" : `has no \`headers\`; ${MUST_BE}`);
  }
  if (request.isBase64Encoded) throw wrong("has a body in base64, as its isBase64Encoded says; pass `{ headers, body }` with the body decoded");
  const isForeign = typeof request.text !== "function";
  if (isForeign && (request.body === undefined || request.body === null)) {
    throw wrong("has no `body`; read it first and pass `{ headers, body }`, in Express by `express.text({ type: \"*/*\" })`");
  }
  try {
    return text(isForeign ? request.body : await request.text());
  } catch (cause) {
    throw wrong(MUST_BE, cause);
  }
}

const MUST_BE = "must be a Request whose body nobody has read, or an object with `headers` and the `body`";

function text(body) {
  if (typeof body === "string") return body;
  if (ArrayBuffer.isView(body) || Object.prototype.toString.call(body) === "[object ArrayBuffer]") return new TextDecoder().decode(body);
  try {
    return JSON.stringify(body) ?? "";
  } catch {
    // What is no JSON, or too deep to be written, is no callback: the module says so.
    return "";
  }
}

/** Of `Headers`, or of the plain object that Node's servers have, its names in small letters. What is no text is no header. */
function header(headers, name) {
  const isMap = typeof headers?.get === "function";
  const value = isMap ? headers.get(name) : (headers?.[name.toLowerCase()] ?? headers?.[name]);
  const header = Array.isArray(value) ? value.join(", ") : value;
  return typeof header === "string" ? header : undefined;
}

const utf8 = (text) => new TextEncoder().encode(text);

const key = (secret, use) => crypto.subtle.importKey("raw", utf8(secret), { name: "HMAC", hash: "SHA-256" }, false, [use]);

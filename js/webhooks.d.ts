import type { FailedTask, SucceededTask } from "./index.js";

/**
 * What a callback says. Even a signed one proves nothing about its results, as the signature covers the task's id alone:
 * a reason to ask `Midjourney.status` now. The same callback may come several times (R).
 */
export type Callback =
  /** The task was taken on; nothing has ended (C). */
  | { type: "acknowledged"; taskId: string; task?: undefined }
  /** The task is said to have ended. Its id is that of who posts: the vendor's own, or of a gateway's callback the gateway's. */
  | { type: "ended"; taskId: string; task: SucceededTask | FailedTask };

/**
 * A request as a server gets it: a `Request`, or headers and a body. Of Node's `IncomingMessage` the body is to be read
 * before; a body that was parsed already will do.
 */
export type CallbackRequest =
  | Request
  | { headers: Headers | Record<string, string | readonly string[] | undefined>; body: string | Uint8Array | object };

/** How callbacks are verified. */
export interface VerifyOptions {
  /** The secret the callbacks are signed with; while it is being changed, the old and the new one. Never empty. */
  secret: string | readonly string[];
  /** How far the time of signing may be from now, in whole seconds: 300 unless told. */
  tolerance?: number | undefined;
  /** The time, in milliseconds since 1970, for tests. */
  now?: number | undefined;
}

/**
 * What a callback says, whoever sent it. The vendor's documented callbacks are unsigned, so anybody may have.
 *
 * @param body the text, its bytes in UTF-8, or what was parsed of it
 * @throws {MidjourneyError} `bad_response` for what is no callback of this API
 */
export function parseCallback(body: string | Uint8Array | object): Promise<Callback>;

/**
 * What a callback says, if its signature is right: `X-Webhook-Signature` is the base64 of an HMAC-SHA256 of
 * `taskId + "." + X-Webhook-Timestamp`, as the vendor's sister site and midapi's gateway send it.
 *
 * @throws {MidjourneyError} `unverified` if a header is missing, doubled or malformed, its time is further from now than
 *   the tolerance, or the signature is not by the secret; `bad_response` for what is no callback of this API;
 *   `misconfigured` without a secret, or with a tolerance that is none
 */
export function verifyCallback(request: CallbackRequest, options: VerifyOptions): Promise<Callback>;

/**
 * The headers that sign a callback, for tests of a receiver.
 *
 * @param options `timestamp` is in seconds since 1970, now unless told
 * @throws {MidjourneyError} `bad_response` for what is no callback of this API
 */
export function signCallback(
  body: string | Uint8Array | object,
  options: { secret: string; timestamp?: number | undefined },
): Promise<{ "X-Webhook-Timestamp": string; "X-Webhook-Signature": string }>;

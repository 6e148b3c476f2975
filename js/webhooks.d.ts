import type { FailedTask, SucceededTask } from "./index.js";

/** What a callback says. Even a signed one proves nothing about its results: look at the record, then use it. */
export type Callback =
  /** The task was taken on. */
  | { type: "acknowledged"; taskId: string }
  /** The task is said to have ended. */
  | { type: "ended"; taskId: string; task: SucceededTask | FailedTask };

/** A request as a server gets it: a `Request`, or the parts of Node's `IncomingMessage` with its body read. */
export type CallbackRequest =
  | Request
  | { headers: Headers | Record<string, string | string[] | undefined>; body: string | Uint8Array };

/** How callbacks are verified. */
export interface VerifyOptions {
  /** The secret the callbacks are signed with; while it is being changed, the old and the new one. */
  secret: string | string[];
  /** How far the time of signing may be from now, in seconds: 300 unless told. */
  tolerance?: number;
  /** The time, in milliseconds since 1970, for tests. */
  now?: number;
}

/**
 * What a callback says, whoever sent it. The vendor's documented callbacks are unsigned.
 *
 * @throws {MidjourneyError} `bad_response` for what is no callback of this API
 */
export function parseCallback(body: string | Uint8Array | object): Promise<Callback>;

/**
 * What a callback says, if its signature is right: an HMAC-SHA256 of `taskId + "." + timestamp`, as the vendor's sister
 * site sends it.
 *
 * @throws {MidjourneyError} `unverified` if a header is missing, doubled or malformed, its time is further from now than
 *   the tolerance, or the signature is not by the secret
 */
export function verifyCallback(request: CallbackRequest, options: VerifyOptions): Promise<Callback>;

/** The headers that sign a callback, for tests of a receiver. The time is in seconds since 1970, now unless told. */
export function signCallback(
  body: string | Uint8Array | object,
  options: { secret: string; timestamp?: number },
): Promise<{ "X-Webhook-Timestamp": string; "X-Webhook-Signature": string }>;

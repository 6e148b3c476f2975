/** The vendor's envelope. Its errors have HTTP status 200 and their code inside, except for unknown routes. */
export const envelope = (code, msg, data = null, init) => Response.json({ code, msg, data }, init);

/** Turns what the `Vendor` object returns into the HTTP response. */
export function responseTo({ code = 200, msg = "success", data, retryAfter, proxyStatus, pageStatus }) {
  if (proxyStatus) return new Response("upstream connect error", { status: errorStatus(proxyStatus) });
  if (pageStatus) return edgePage(errorStatus(pageStatus));
  const headers = retryAfter ? { "Retry-After": String(retryAfter) } : {};
  return envelope(code, msg, data, { headers });
}

/** A CDN's page, which it shows in place of the API's response. */
function edgePage(status) {
  const headers = { "Content-Type": "text/html; charset=UTF-8", Server: "edge" };
  return new Response("<!doctype html><title>Checking your browser</title>", { status, headers });
}

const errorStatus = (status) => Math.min(Math.max(status, 400), 599);

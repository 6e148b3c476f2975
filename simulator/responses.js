/**
 * The HTTP response to an outcome of the vendor's, and its code: the envelope's, or else the HTTP status. The vendor's errors
 * have HTTP status 200 and their code inside, except for unknown routes.
 */
export function responseTo({ code = 200, msg = "success", data = null, status = 200, retryAfter, proxyStatus, pageStatus }) {
  if (proxyStatus) return withStatus(new Response("upstream connect error", { status: proxyStatus }));
  if (pageStatus) return withStatus(edgePage(pageStatus));
  const headers = retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) };
  return { response: Response.json({ code, msg, data }, { status, headers }), code };
}

/** A CDN's page, which it shows in place of the API's response. */
function edgePage(status) {
  const headers = { "Content-Type": "text/html; charset=UTF-8", Server: "edge" };
  return new Response("<!doctype html><title>Checking your browser</title>", { status, headers });
}

const withStatus = (response) => ({ response, code: response.status });

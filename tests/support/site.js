import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";
import { pipeline } from "node:stream/promises";
import { TOKEN } from "./servers.js";

const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };

/**
 * A site of files that passes its API calls to a gateway, as an app's own server would, which holds the token; returns its URL.
 *
 * @param fileOf gets a request's path and names the file to answer with
 */
export async function siteOn(gateway, fileOf, t) {
  const server = createServer(async (request, response) => {
    if (request.url.startsWith("/api/")) return passOn(request, response, gateway);
    const file = fileOf(request.url);
    if (file === undefined || !existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": TYPES[extname(file)] });
    createReadStream(file).pipe(response);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/`;
}

async function passOn(request, response, gateway) {
  const body = request.method === "POST" ? Buffer.concat(await request.toArray()) : undefined;
  const asked = { "Content-Type": request.headers["content-type"] ?? "", Authorization: `Bearer ${TOKEN}` };
  const left = new AbortController();
  response.on("close", () => left.abort());
  // A page that is closed, or a gateway that ends, wants no answer.
  const asking = fetch(gateway.url + request.url, { method: request.method, headers: asked, body, signal: left.signal });
  const answer = await asking.catch(() => response.destroy());
  if (response.destroyed) return;
  const pace = answer.headers.get("Retry-After");
  response.writeHead(answer.status, { "Content-Type": answer.headers.get("Content-Type"), ...(pace && { "Retry-After": pace }) });
  response.flushHeaders();
  // Events come as they happen.
  await pipeline(answer.body, response).catch(() => {});
}

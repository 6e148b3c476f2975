import { createServer } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { simulatedFetch } from "./fetch.js";

const HOST = "127.0.0.1";

/** Serves a simulator on a port of this machine, for programs that take a URL. */
export async function serve(options = {}) {
  const { simulator, answered } = simulatedFetch(options, ["port"]);
  const server = createServer((request, response) => {
    respond(answered, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(400).end();
    });
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(options.port ?? 0, HOST, resolve));
  const close = () => {
    simulator.reset();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    return closed;
  };
  const url = `http://${HOST}:${server.address().port}`;
  return { url, endpoint: `${url}/api/v1/mj`, simulator, close };
}

async function respond(answered, request, response) {
  const { method, headers, url } = request;
  const body = Buffer.concat(await request.toArray());
  const init = {
    method,
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
    ...(method !== "GET" && method !== "HEAD" && { body }),
  };
  const { response: answer } = await answered(new Request(`http://${headers.host}${url}`, init));
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (answer.body === null) response.end();
  else await pipeline(Readable.fromWeb(answer.body), response);
}

import { createServer } from "node:http";
import { simulatedFetch } from "./fetch.js";

const HOST = "127.0.0.1";

/** Serves a simulator on a port of this machine, for programs that take a URL. */
export async function serve(options = {}) {
  const simulator = simulatedFetch(options, ["port"]);
  const server = createServer((request, response) => {
    respond(simulator, request, response).catch(() => response.writeHead(400).end());
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

async function respond(simulator, request, response) {
  const { method, headers, url } = request;
  const body = Buffer.concat(await request.toArray());
  const answer = await simulator(`http://${headers.host}${url}`, {
    method,
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
    ...(method !== "GET" && method !== "HEAD" && { body }),
  });
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

/** What the benches of the status route have in common: a vendor, and a gateway with live jobs. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { startGateway } from "../tools/platform.js";
import { accepted, record, say } from "./stub.js";

export const CONNECTIONS = 16;

const TOKEN = "a-token";
/** The headers of the one caller there is. */
export const as = { Authorization: `Bearer ${TOKEN}` };
const hash = createHash("sha256").update(TOKEN).digest();
/** Who calls, by the hash of a token as a Worker can make it. */
export const CALLERS = { [hash.toString("base64")]: "bench" };

export const running = { ...record.data, successFlag: 0, resultInfoJson: null };

/** A vendor whose every look is worth another after so many seconds, as the header of its reply says. */
export async function startVendor() {
  const vendor = { pace: 0, looks: 0 };
  const answers = { POST: JSON.stringify(accepted), GET: JSON.stringify({ ...record, data: running }) };
  const server = createServer((request, response) => {
    if (request.method === "GET") vendor.looks++;
    request.resume();
    response.writeHead(200, { "Content-Type": "application/json", "Retry-After": vendor.pace });
    response.end(answers[request.method]);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  vendor.host = `127.0.0.1:${server.address().port}`;
  vendor.stop = () => server.close();
  return vendor;
}

/** A gateway in front of a vendor, which limits no rate. */
export function gatewayOf(vendor, options) {
  return startGateway({
    vars: {
      MIDAPI_API_KEY: "a-key-of-mine",
      MIDAPI_UPSTREAM_URL: `http://${vendor.host}`,
      MIDAPI_DAILY_CREDITS: "1000000",
      MIDAPI_TOKENS: JSON.stringify([{ name: "bench", sha256: hash.toString("hex"), dailyCredits: 1e6 }]),
    },
    limits: { SUBMIT_LIMIT: 1e9, READ_LIMIT: 1e9 },
    onLine: () => {},
    ...options,
  });
}

/** Submits so many tasks, and returns the paths of their status. */
export async function submitted(what, url, body, count) {
  const order = { method: "POST", headers: { ...as, "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const paths = [];
  while (paths.length < count) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/api/v1/mj/generate`, order)));
    for (const answer of answers) paths.push(`/api/v1/mj/record-info?taskId=${(await answer.json()).data.taskId}`);
    if (paths.length % 480 === 0) say(`${what}: ${paths.length} of ${count} tasks`);
  }
  return paths;
}

/** What autocannon needs to ask for these paths in turn, each connection for some of its own. */
export function inTurn(paths) {
  let connection = 0;
  return (client) => {
    const mine = connection++ % CONNECTIONS;
    client.setRequests(paths.filter((_, number) => number % CONNECTIONS === mine).map((path) => ({ path, headers: as })));
  };
}

/**
 * Twenty new tasks every ten seconds for five minutes, a tenth of them with a fault of the vendor's.
 * At the end every order is accounted for, the ledger equals the simulator's own bill, and nothing is stored of what cost nothing.
 *
 * MINUTES=1 node benches/soak.js
 */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, startGateway, startSimulator } from "../tools/platform.js";
import { say } from "./stub.js";

const MINUTES = Number(process.env.MINUTES ?? 5);
const EVERY_MS = 500;
const CREDITS = 8;
const KEY = "a-key-of-mine";
const TOKEN = "a-token-of-mine";
/** Every kind of fault, in turn. */
const FAULTS = [
  "http=502", "code=429", "code=455", "code=402", "code=500", "page=403", "fail", "fail=2", "late", "callback=never", "callback=late",
  "callback=early", "callback=first", "callback=twice", "callback=forged", "callback=forged-failure", "callback=forged-id", "result=string",
  "result=gap", "times=iso", "record=strings", "flip", "file=html", "file=svg", "file=disguised-html", "file=no-length", "file=short",
  "file=redirect", "file=404-once", "file=500-once", "host=other", "host=ip", "host=user",
];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const state = mkdtempSync(join(tmpdir(), "midapi-soak-"));
process.on("exit", () => rmSync(state, { recursive: true, force: true }));

const simulator = await startSimulator({
  vars: { DURATIONS: JSON.stringify({ fast: 3 }), PARALLEL_TASKS: "1000", CREDITS: "1000000", HASTE: "1", SUBMITS_PER_10_SECONDS: "25" },
});
const port = await freePort();
const lines = [];
const gateway = await startGateway({
  port,
  state,
  vars: {
    MIDAPI_API_KEY: KEY,
    MIDAPI_UPSTREAM_URL: simulator.url,
    MIDAPI_PUBLIC_URL: `http://127.0.0.1:${port}`,
    MIDAPI_DAILY_CREDITS: "1000000",
    MIDAPI_TOKENS: JSON.stringify([
      { name: "soak", sha256: createHash("sha256").update(TOKEN).digest("hex"), dailyCredits: 1e6, operations: ["generate", "credits", "adminUsage"] },
    ]),
  },
  limits: { SUBMIT_LIMIT: 1e9, READ_LIMIT: 1e9 },
  onLine: (line) => lines.push(line),
});
const api = `${gateway.url}/api/v1`;
const call = async (path, init) => {
  const response = await fetch(`${api}/${path}`, { ...init, headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json", ...init?.headers } });
  return { status: response.status, ...(await response.json()) };
};

const orders = [];
let nth = 0;
async function order() {
  const number = orders.length;
  const fault = number % 10 === 9 ? FAULTS[nth++ % FAULTS.length] : undefined;
  // The simulator remembers what it has drawn.
  const prompt = fault ? `a lighthouse [sim: ${fault}]` : "a lighthouse";
  const made = { number, fault, prompt, key: `order-${number}` };
  orders.push(made);
  const submit = { method: "POST", headers: { "Idempotency-Key": made.key }, body: JSON.stringify({ taskType: "mj_txt2img", prompt, speed: "fast" }) };
  made.again = () => call("mj/generate", submit);
  made.answer = await made.again().catch((error) => ({ status: 0, msg: error.message }));
}

const end = Date.now() + MINUTES * 60_000;
const posted = [];
while (Date.now() < end) {
  posted.push(order());
  await pause(EVERY_MS);
  if (orders.length % 60 === 0) say(`soak: ${orders.length} orders`);
}
await Promise.all(posted);

say("soak: waiting for the last tasks");
const list = async () => {
  const tasks = [];
  let cursor = "";
  do {
    const { data } = await call(`mj/tasks?limit=100${cursor}`);
    tasks.push(...data.tasks);
    cursor = data.cursor ? `&cursor=${data.cursor}` : undefined;
  } while (cursor !== undefined);
  return tasks;
};
let tasks;
for (let waited = 0; waited < 150; waited++, await pause(1_000)) {
  tasks = await list();
  if (tasks.every(({ state, archive }) => state === "failed" || state === "unknown" || (state === "succeeded" && archive?.state !== "pending"))) break;
}
// Who got no clear answer asks again under the same key: that pays nothing.
for (const made of orders.filter(({ answer }) => answer.status !== 200)) made.later = await made.again();
tasks = await list();

const bill = await (await fetch(`${simulator.url}/api/v1/simulator/bill`, { headers: { Authorization: `Bearer ${KEY}` } })).json();
const { charged } = bill.data ?? bill;
const admin = (await call("admin/usage")).data;
const counted = admin.spending.find(({ account }) => account === "gateway").credits;
const unknown = tasks.filter(({ state }) => state === "unknown").length;
const sum = (counts) => Object.fromEntries(Object.entries(counts).sort());
const count = (list, of) => sum(list.reduce((counts, item) => ({ ...counts, [of(item)]: (counts[of(item)] ?? 0) + 1 }), {}));
await gateway.stop();
await simulator.stop();

/** How many jobs' objects have anything in them: in the file, or in what is still to be written into it. */
const folder = join(state, readdirSync(state).find((name) => name.endsWith("-Job")));
const files = readdirSync(folder);
const stored = files.filter((name) => {
  if (!/^[0-9a-f]{64}\.sqlite$/.test(name)) return false;
  const log = files.includes(`${name}-wal`) ? readFileSync(join(folder, `${name}-wal`)).length : 0;
  return log > 0 || readFileSync(join(folder, name)).readUInt16BE(103) > 0;
}).length;
// Refused under a key they may be ordered again for a day.
const refused = orders.filter(({ answer, later }) => (later ?? answer).status !== 200).length - unknown;

console.log(JSON.stringify(
  {
    orders: orders.length,
    answers: count(orders, ({ answer }) => answer.status),
    later: count(orders.filter(({ later }) => later), ({ later }) => later.status),
    tasks: count(tasks, ({ state, archive }) => `${state}${archive ? `, ${archive.state}` : ""}`),
    ledger: counted,
    bill: charged,
    unknownNeverAccepted: unknown,
    storedJobs: stored,
    refusedUnderAKey: refused,
    adminJobs: count(admin.jobs.flatMap(({ state, jobs }) => Array(jobs).fill(state)), (state) => state),
    crashes: lines.filter((line) => line.includes("crashed")).length,
  },
  null,
  2,
));
const problems = [
  [counted - unknown * CREDITS === charged, "the ledger is the vendor's bill, and what nobody can know"],
  [tasks.every(({ state }) => state !== "running"), `every task has ended: ${tasks.filter(({ state }) => state === "running").map(({ prompt }) => prompt)}`],
  [tasks.length + refused === orders.length, "every order is accounted for"],
  [stored === tasks.length + refused, "nothing is stored of what cost nothing"],
].filter(([holds]) => !holds);
for (const [, what] of problems) console.error(`not so: ${what}`);
process.exit(problems.length ? 1 : 0);

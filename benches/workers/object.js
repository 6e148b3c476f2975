/**
 * The floor of the status route: a Worker that knows who calls by the hash of a token and asks the task's own object, which reads
 * one row and, where it looks, asks the vendor. It checks, redacts and writes down nothing. With `LIMIT` it limits the rate and logs
 * a line, too, as a gateway has to.
 */
import { DurableObject } from "cloudflare:workers";

const HEADERS = { "Content-Type": "application/json" };

export default {
  async fetch(request, env) {
    const caller = env.CALLERS[await hashOf(request.headers.get("Authorization"))];
    if (caller === undefined) return new Response(null, { status: 401 });
    if (env.LIMIT !== undefined) {
      if (!(await env.LIMIT.limit({ key: caller })).success) return new Response(null, { status: 429 });
      console.log(JSON.stringify({ id: crypto.randomUUID(), route: "record-info", subject: caller, outcome: 200 }));
    }
    const data = request.method === "POST" ? await create(await request.json(), caller, env) : await look(request, caller, env);
    if (data === undefined) return new Response(null, { status: 404 });
    return new Response(`{"code":200,"msg":"success","data":${data}}`, { headers: HEADERS });
  },
};

async function hashOf(authorization) {
  const token = new TextEncoder().encode(authorization?.slice("Bearer ".length));
  return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-256", token))));
}

async function create(record, caller, env) {
  const taskId = crypto.randomUUID();
  await env.TASKS.getByName(taskId).create(record, caller);
  return JSON.stringify({ taskId });
}

function look(request, caller, env) {
  const id = new URL(request.url).searchParams.get("taskId");
  return env.TASKS.getByName(id).look(caller);
}

export class Task extends DurableObject {
  create(record, caller) {
    this.ctx.storage.kv.put("task", { caller, vendorId: record.taskId, record: JSON.stringify(record) });
  }

  async look(caller) {
    const task = this.ctx.storage.kv.get("task");
    if (task?.caller !== caller) return undefined;
    return this.env.UPSTREAM === undefined ? task.record : this.#ask(task.vendorId);
  }

  async #ask(vendorId) {
    const { UPSTREAM, KEY } = this.env;
    const headers = { Authorization: `Bearer ${KEY}` };
    const response = await fetch(`${UPSTREAM}/api/v1/mj/record-info?taskId=${vendorId}`, { headers });
    return JSON.stringify((await response.json()).data);
  }
}

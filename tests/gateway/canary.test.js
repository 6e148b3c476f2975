/** Row 1 and 4: the key's bytes are found nowhere. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Log, LogLevel } from "miniflare";
import { folderOf } from "../support/folder.js";
import { KEY, Upstream, envelope, gatewayOn } from "../support/servers.js";

const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };
const forms = [KEY, Buffer.from(KEY).toString("base64").replace(/=+$/, ""), Buffer.from(KEY).toString("hex")];
const leak = (text) => forms.find((form) => text.includes(form));

class Kept extends Log {
  lines = [];
  log(message) {
    this.lines.push(message);
  }
  logWithLevel(level, message) {
    this.lines.push(message);
  }
}

test("row 1: a vendor that quotes the key everywhere gets it into no response, log or storage", async (t) => {
  let answer;
  const upstream = new Upstream((request) => answer(request));
  const log = new Kept(LogLevel.VERBOSE);
  const state = folderOf(t);
  const gateway = await gatewayOn(upstream, { log, state });
  const seen = [];
  const ask = async (call) => {
    const { status, headers, body } = await call;
    seen.push(`${status} ${JSON.stringify([...headers])} ${body}`);
    return body;
  };

  answer = () => envelope({ taskId: "9f47c52047dda21bb3df0488736cce57" }, { headers: { "X-Debug": KEY } });
  const { taskId } = JSON.parse(await ask(gateway.post("generate", IMAGE))).data;
  const quoting = { taskId: KEY, taskType: KEY, errorMessage: `bad key ${KEY}!`, errorCode: KEY, paramJson: KEY, successFlag: 3 };
  const answers = [
    () => envelope(null, { code: 401, msg: `key ${KEY} is invalid` }),
    () => envelope(null, { code: 500, msg: `at Authorization: Bearer ${KEY}` }),
    () => envelope({ taskId: KEY }),
    () => envelope(quoting),
    () => envelope({ ...quoting, successFlag: 1, resultInfoJson: { resultUrls: [{ resultUrl: `https://x.example/?k=${KEY}` }] } }),
    () => new Response(`<pre>${KEY}</pre>`, { status: 500 }),
    () => new Response(null, { status: 302, headers: { Location: `https://evil.example/?${KEY}` } }),
    () => Promise.reject(new Error(`socket of ${KEY}`)),
  ];
  for (answer of answers) {
    await ask(gateway.post("generate", IMAGE));
    await ask(gateway.post("upscale", { taskId, index: 1 }));
    await ask(gateway.get(`record-info?taskId=${taskId}`));
  }
  await ask(gateway.post("generate", { ...IMAGE, [KEY.slice(0, 4)]: 1 }));
  for (const path of ["/", "/studio.js", "/midapi/midapi.js", "/api/v1/mj/nowhere"]) {
    const response = await fetch(gateway.url + path);
    seen.push(JSON.stringify([...response.headers]) + (await response.text()));
  }

  assert.ok(seen.length > 25);
  // `{taskId: KEY}` comes back sealed: even the base64 of it is not the key's.
  for (const text of seen) assert.equal(leak(text), undefined, text);
  for (const line of [...log.lines, ...gateway.lines]) assert.equal(leak(String(line)), undefined);
  await gateway.stop();
  for (const name of readdirSync(state, { recursive: true })) {
    const path = join(state, name);
    if (statSync(path).isFile()) assert.equal(leak(readFileSync(path, "latin1")), undefined, path);
  }
});

test("row 1: the key is in no built or shipped file", () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  let searched = 0;
  for (const folder of ["dist", "build/js", "build/gateway", "build/studio", "build/worker", "src", "js", "www", "simulator"]) {
    for (const name of readdirSync(join(root, folder), { recursive: true })) {
      const path = join(root, folder, name);
      if (!statSync(path).isFile()) continue;
      searched++;
      const text = readFileSync(path, "latin1");
      assert.equal(leak(text), undefined, path);
      // In a module the name of the header may stand right behind the word.
      assert.ok(!/Bearer (?!Authorization)[A-Za-z0-9]{16}/.test(text), path);
    }
  }
  assert.ok(searched > 40, `${searched} files`);
});

/** Who may call: rows 8, 13, 14 and 15 of the threat table. Each refusal is seen to send nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { OTHER_TOKEN, POLICY, TOKEN, Upstream, callers, entry, envelope, exactly, gatewayOn } from "../support/servers.js";

const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };
const TASK = "9f47c52047dda21bb3df0488736cce57";
const SESSION_SECRET = "a-secret-of-the-tests-0123456789abcdef";
const PAGE = "https://studio.example";

const record = (more) => ({ taskId: TASK, successFlag: 0, ...more });
const vendor = ({ method, url }) => {
  if (url.endsWith("/common/credit")) return envelope(5916.25);
  return envelope(method === "POST" ? { taskId: TASK } : record(), { headers: { "Retry-After": "0" } });
};

/** A gateway with these variables, where nothing has left yet. */
async function gateway(vars = {}, options = {}) {
  const upstream = new Upstream(options.vendor ?? vendor);
  return { ...(await gatewayOn(upstream, { vars, ...options })), upstream };
}

const withSessions = { MIDAPI_SESSION_ORIGINS: PAGE, MIDAPI_SESSION_SECRET: SESSION_SECRET };

/** A page's own fetch, as its browser would send it. */
const fromPage = (headers = {}) => ({ Authorization: "", Origin: PAGE, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", ...headers });

/** Opens a session and returns the headers that carry it. */
async function session(gateway, headers = {}) {
  const opened = await gateway.post("../session", "", fromPage(headers));
  assert.equal(opened.status, 200, opened.body);
  const cookie = opened.headers.get("set-cookie");
  return { opened, cookie, page: fromPage({ Cookie: cookie.split(";")[0], ...headers }) };
}

test("row 8: without a policy, or with a wrong one, every call is 503 and nothing is sent", async () => {
  for (const [vars, names] of [
    [{ MIDAPI_TOKENS: "" }, /MIDAPI_TOKENS: must say who may call, or MIDAPI_SESSION_ORIGINS/],
    [{ MIDAPI_TOKENS: "[]" }, /MIDAPI_TOKENS: must say who may call, or MIDAPI_SESSION_ORIGINS/],
    [{ MIDAPI_TOKENS: "{}" }, /MIDAPI_TOKENS: tokens: must be a JSON list/],
    [{ MIDAPI_TOKENS: JSON.stringify([entry("alice", TOKEN, { operations: ["everything"] })]) }, /MIDAPI_TOKENS: entry 1: each of operations/],
    [{ MIDAPI_TOKENS: JSON.stringify([entry("alice", TOKEN, { operations: [] })]) }, /MIDAPI_TOKENS: entry 1: operations: must be a list of texts that isn't empty/],
    [{ MIDAPI_TOKENS: JSON.stringify([entry("alice", TOKEN, { dailyCredits: 0 })]) }, /MIDAPI_TOKENS: entry 1: dailyCredits/],
    [{ MIDAPI_TOKENS: JSON.stringify([entry("alice", TOKEN, { origins: [`${PAGE}:443`] })]) }, /MIDAPI_TOKENS: entry 1: each of origins/],
    [{ MIDAPI_DAILY_CREDITS: "" }, /MIDAPI_DAILY_CREDITS/],
    [{ MIDAPI_DAILY_CREDITS: "many" }, /MIDAPI_DAILY_CREDITS/],
    [{ MIDAPI_DAILY_CREDITS: "0" }, /MIDAPI_DAILY_CREDITS/],
    [{ MIDAPI_PRICES: '{"slow": 1}' }, /MIDAPI_PRICES/],
    [{ MIDAPI_ALERT_URL: "http://alerts.example" }, /MIDAPI_ALERT_URL/],
    [{ MIDAPI_ALERT_URL: "https://alerts.example", MIDAPI_ALERT_PERCENT: "150" }, /MIDAPI_ALERT_PERCENT/],
    [{ MIDAPI_ALERT_PERCENT: "80 50" }, /MIDAPI_ALERT_PERCENT/],
    [{ ...withSessions, MIDAPI_SESSION_SECRET: "short" }, /MIDAPI_SESSION_SECRET/],
    [{ ...withSessions, MIDAPI_SESSION_SECRET: "" }, /MIDAPI_SESSION_SECRET/],
    [{ ...withSessions, MIDAPI_SESSION_ORIGINS: "*" }, /MIDAPI_SESSION_ORIGINS/],
    [{ ...withSessions, MIDAPI_SESSION_ORIGINS: `${PAGE}/` }, /MIDAPI_SESSION_ORIGINS/],
    [{ ...withSessions, MIDAPI_SESSION_ORIGINS: "http://studio.example" }, /MIDAPI_SESSION_ORIGINS/],
    [{ ...withSessions, MIDAPI_SESSION_DAILY_CREDITS: "" }, /MIDAPI_SESSION_DAILY_CREDITS/],
  ]) {
    const { post, get, upstream, stop } = await gateway(vars);
    for (const answer of [await post("generate", IMAGE), await get("record-info?taskId=a"), await get("../health")]) {
      assert.equal(answer.status, 503, JSON.stringify(vars));
      assert.match(answer.json.msg, /^misconfigured: the gateway's MIDAPI_/);
      assert.match(answer.json.msg, names);
      for (const value of ["everything", "alice", "many", "150", "alerts.example", "studio.example/"]) {
        assert.ok(!answer.json.msg.replace("https://studio.example", "").includes(value), answer.json.msg);
      }
    }
    assert.equal(upstream.requests.length, 0);
    await stop();
  }
});

test("hole 3: only a valid token is accepted, and no token is passed on to the vendor", async () => {
  const { post, get, upstream } = await gateway(withSessions);
  for (const Authorization of ["", "Bearer", "Bearer undefined", "Bearer null", "Bearer x", `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN}x`]) {
    for (const answer of [await post("generate", IMAGE, { Authorization }), await get("record-info?taskId=a", { Authorization })]) {
      assert.equal(answer.status, 401, Authorization);
      assert.match(answer.json.msg, /^authorization: needs `Bearer`/);
      assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    }
  }
  assert.equal(upstream.requests.length, 0);
});

test("a wrong token is refused even with a valid session", async () => {
  const made = await gateway(withSessions);
  const { page } = await session(made);
  assert.equal((await made.post("generate", IMAGE, { ...page, Authorization: "Bearer x" })).status, 401);
  assert.equal(made.upstream.requests.length, 0);
});

test("a token allows the operations that it lists, and no others", async () => {
  const tokens = [
    entry("usual", TOKEN),
    entry("few", OTHER_TOKEN, { operations: ["vary", "credits"] }),
  ];
  const { post, get, upstream } = await gateway({ MIDAPI_TOKENS: JSON.stringify(tokens) });
  const few = { Authorization: `Bearer ${OTHER_TOKEN}` };
  const { taskId } = (await post("generate", IMAGE)).json.data;
  assert.equal((await post("upscale", { taskId, index: 1 })).status, 200);
  upstream.requests.length = 0;
  for (const [answer, says] of [
    [await get("../common/credit"), "credits"],
    [await post("generate", IMAGE, few), "generate"],
    [await post("upscale", { taskId, index: 1 }, few), "upscale"],
    [await post("generateUpscale", { taskId, imageIndex: 1 }, few), "upscale"],
    [await post("generateVideoExtend", { taskId, index: 1, taskType: "mj_video_extend_auto" }, few), "extendVideo"],
  ]) {
    assert.deepEqual([answer.status, answer.json.msg], [403, `authorization: this caller is not allowed \`${says}\``]);
  }
  // The tasks that are there look by themselves.
  assert.deepEqual(upstream.requests.filter(({ url }) => !url.includes("record-info")), []);
  assert.equal((await get("../common/credit", few)).json.data, 5916.25);
});

test("a callback URL is accepted only for a host that the token lists", async () => {
  const { post, upstream } = await gateway();
  const callBackUrl = "https://your-app.com/hook";
  assert.equal((await post("generate", { ...IMAGE, callBackUrl })).status, 200);
  upstream.requests.length = 0;
  const bob = { Authorization: `Bearer ${OTHER_TOKEN}` };
  for (const answer of [
    await post("generate", { ...IMAGE, callBackUrl }, bob),
    await post("generate", { ...IMAGE, callBackUrl: "https://your-app.com.evil.example/" }),
    await post("generate", { ...IMAGE, callBackUrl: "http://your-app.com/hook" }),
  ]) {
    assert.equal(answer.status, 422);
    assert.match(answer.json.msg, /^callBackUrl: must be https, and to a host that this caller's token lists/);
  }
  assert.equal(upstream.submits.length, 0);
});

test("row 22: the caller's headers don't change the callback URL", async () => {
  const { post, upstream } = await gateway();
  const spoofed = { "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", Forwarded: "host=evil.example" };
  assert.equal((await post("generate", IMAGE, spoofed)).status, 200);
  assert.ok(!JSON.stringify(upstream.requests).includes("evil.example"));
  assert.deepEqual(JSON.parse(upstream.requests[0].body), IMAGE);
});

test("row 15: another caller's task gets the same answer as an unknown task", async () => {
  const made = await gateway(withSessions);
  const { post, get, upstream } = made;
  const { taskId } = (await post("generate", IMAGE)).json.data;
  const ofSession = await session(made);
  const sessionTask = (await post("generate", IMAGE, ofSession.page)).json.data.taskId;
  const another = await session(made);
  upstream.requests.length = 0;
  const bob = { Authorization: `Bearer ${OTHER_TOKEN}` };
  const none = taskId.replace(/^./, (first) => (first === "A" ? "B" : "A"));
  const said = ({ status, json: { requestId, ...rest } }) => JSON.stringify([status, rest]);
  for (const [foreign, who] of [[taskId, bob], [taskId, another.page], [sessionTask, another.page], [sessionTask, {}]]) {
    for (const ask of [
      (id) => get(`record-info?taskId=${id}`, who),
      (id) => post("upscale", { taskId: id, index: 1 }, who),
      (id) => post("generateVary", { taskId: id, imageIndex: 1 }, who),
    ]) {
      const answer = await ask(foreign);
      assert.equal(answer.status, 422);
      assert.equal(said(answer), said(await ask(none)));
    }
  }
  // The tasks look at themselves meanwhile.
  assert.equal(upstream.submits.length, 0);
  assert.equal((await get(`record-info?taskId=${sessionTask}`, ofSession.page)).status, 200);
});

test("the session cookie is HttpOnly and SameSite=Strict, and a forged one is refused", async () => {
  const made = await gateway(withSessions);
  const { opened, cookie, page } = await session(made);
  assert.match(cookie, /^midapi=[\w-]{22}\.\d+\.[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/);
  assert.deepEqual(Object.keys(opened.json.data), ["dailyCredits", "spent", "left", "resetsAt", "callerId", "prices"]);
  assert.equal((await made.post("generate", IMAGE, page)).status, 200);
  assert.equal(JSON.parse(made.upstream.requests[0].body).prompt, IMAGE.prompt);
  assert.equal(made.upstream.requests[0].headers.cookie, undefined);

  // Renewed it is the same session, with its tasks.
  const renewed = await made.post("../session", "", page);
  assert.equal(renewed.headers.get("set-cookie").split(".")[0], cookie.split(".")[0]);

  const forged = { ...page, Cookie: page.Cookie.replace(/.$/, (last) => (last === "A" ? "E" : "A")) };
  assert.equal((await made.post("generate", IMAGE, forged)).status, 401);
});

test("on https the session cookie is Secure and bound to its host", async () => {
  const made = await gateway(withSessions);
  const response = await made.worker.dispatchFetch("https://studio.example/api/v1/session", { method: "POST", headers: fromPage() });
  assert.match(response.headers.get("set-cookie"), /^__Host-midapi=.*; Path=\/; .*; HttpOnly; SameSite=Strict; Secure$/);
});

test("row 14: a foreign page spends nothing, and reads nothing", async () => {
  const tokens = [entry("alice", TOKEN, { origins: ["https://app.example"] })];
  const made = await gateway({ ...withSessions, MIDAPI_TOKENS: JSON.stringify(tokens) });
  const { post, get, upstream } = made;
  const { page } = await session(made);
  upstream.requests.length = 0;
  for (const Origin of [
    "null", "https://evil.example", `${PAGE}.evil.example`, "https://evilstudio.example", "https://STUDIO.example",
    "http://studio.example", `${PAGE}:8443`, `${PAGE}, ${PAGE}`, "https://app.example",
  ]) {
    for (const answer of [
      await post("generate", IMAGE, { ...page, Origin }),
      await post("../session", "", fromPage({ Origin })),
      await get("record-info?taskId=a", { ...page, Origin }),
    ]) {
      assert.equal(answer.status, 403, `${Origin}: ${answer.body}`);
      if (Origin !== "https://app.example") assert.equal(answer.headers.get("access-control-allow-origin"), null);
      assert.equal(answer.headers.get("vary"), "Origin");
    }
  }
  // The token is for its own pages: the session's are none of them.
  assert.equal((await post("generate", IMAGE, { Origin: PAGE })).status, 403);
  for (const [name, headers] of [
    ["no origin at all", { ...page, Origin: undefined, "Sec-Fetch-Site": undefined }],
    ["another site that claims the origin", { ...page, "Sec-Fetch-Site": "cross-site" }],
    ["a form", { ...page, "Sec-Fetch-Mode": "navigate" }],
    ["no-cors", { ...page, "Sec-Fetch-Mode": "no-cors" }],
  ]) {
    const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value));
    const { status, body } = await exactly(`${made.api}/generate`, {
      headers: { "Content-Type": "application/json", ...sent },
      parts: [JSON.stringify(IMAGE)],
    });
    assert.equal(status, 403, `${name}: ${body}`);
  }
  const form = await post("generate", `{"taskType":"mj_txt2img","prompt":"x"}`, { ...page, "Content-Type": "text/plain" });
  assert.equal(form.status, 415);
  assert.equal(upstream.requests.length, 0);
});

test("CORS allows exact origins, lets the browser cache the preflight, and allows credentials for sessions only", async () => {
  const tokens = [entry("alice", TOKEN, { origins: ["https://app.example"] })];
  const { url, post } = await gateway({ ...withSessions, MIDAPI_TOKENS: JSON.stringify(tokens) });
  const preflight = (Origin, method = "POST") =>
    fetch(`${url}/api/v1/mj/generate`, { method: "OPTIONS", headers: { Origin, "Access-Control-Request-Method": method } });
  for (const [origin, credentials] of [["https://app.example", null], [PAGE, "true"]]) {
    const { status, headers } = await preflight(origin);
    assert.equal(status, 204);
    assert.equal(headers.get("access-control-allow-origin"), origin);
    assert.equal(headers.get("access-control-allow-credentials"), credentials);
    assert.equal(headers.get("access-control-allow-methods"), "POST");
    assert.equal(headers.get("access-control-allow-headers"), "Authorization, Content-Type, Idempotency-Key, Last-Event-ID");
    assert.equal(headers.get("access-control-max-age"), "7200");
    assert.equal(headers.get("vary"), "Origin");
  }
  for (const origin of ["https://evil.example", "null", "https://app.example.evil.example"]) {
    const { status, headers } = await preflight(origin);
    assert.equal(status, 403);
    assert.equal(headers.get("access-control-allow-origin"), null);
  }
  const answer = await post("generate", IMAGE, { Origin: "https://app.example" });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("access-control-allow-origin"), "https://app.example");
  assert.equal(answer.headers.get("access-control-expose-headers"), "Retry-After, X-Request-Id");
  assert.equal((await post("generate", IMAGE)).headers.get("access-control-allow-origin"), null);
});

test("row 13: with Turnstile a session is for a person, and a verifier that is down is told from a wrong token", async () => {
  let verdict;
  const asked = [];
  const withVerifier = (request) => {
    if (request.url !== "https://challenges.cloudflare.com/turnstile/v0/siteverify") return vendor(request);
    asked.push(JSON.parse(request.body));
    return verdict();
  };
  const made = await gateway({ ...withSessions, MIDAPI_TURNSTILE_SECRET: "turnstile-secret" }, { vendor: withVerifier });
  const open = (token, headers) => made.post("../session", token === undefined ? "" : { turnstile: token }, fromPage(headers));

  assert.equal((await open(undefined)).status, 403);
  assert.equal((await open("x".repeat(3000))).status, 403);
  assert.equal(asked.length, 0, "what can't be a token isn't asked about");
  for (const [status, answer] of [
    [403, () => Response.json({ success: false, "error-codes": ["timeout-or-duplicate"] })],
    [403, () => Response.json({ success: true, hostname: "evil.example" })],
    [403, () => Response.json({ success: true })],
    [503, () => new Response("oops", { status: 502 })],
    [503, () => new Response("<html>")],
    [503, () => Promise.reject(new Error("down"))],
  ]) {
    verdict = answer;
    const refused = await open("token");
    assert.equal(refused.status, status, refused.body);
    assert.match(refused.json.msg, status === 503 ? /^turnstile: can't be asked/ : /^turnstile: must be a fresh token/);
    assert.equal(refused.headers.get("set-cookie"), null);
  }
  verdict = () => Response.json({ success: true, hostname: "studio.example" });
  const opened = await open("token", { "CF-Connecting-IP": "203.0.113.7" });
  assert.equal(opened.status, 200);
  assert.deepEqual(asked.at(-1), { secret: "turnstile-secret", response: "token", remoteip: "203.0.113.7" });
  assert.ok(!made.upstream.requests.some(({ url }) => url.includes("vendor.example")));
  // Who has a session is a person already.
  verdict = () => Response.json({ success: false });
  const page = fromPage({ Cookie: opened.headers.get("set-cookie").split(";")[0] });
  assert.equal((await made.post("../session", "", page)).status, 200);
  assert.equal((await made.post("generate", IMAGE, page)).status, 200);
});

test("row 13: a token opens a session that is the token's own: its tasks, its cap, until it is another or the session ends", async () => {
  const made = await gateway(withSessions);
  const open = (token, headers) => made.post("../session", "", { ...fromPage(headers), ...(token && { Authorization: `Bearer ${token}` }) });
  for (const wrong of ["midapi_wrong", "x"]) {
    const refused = await open(wrong);
    assert.deepEqual([refused.status, refused.headers.get("set-cookie")], [401, null], refused.body);
  }
  assert.equal((await open(TOKEN, { Origin: "https://evil.example" })).status, 403);
  assert.equal((await open(TOKEN, { "Sec-Fetch-Site": "cross-site" })).status, 403);
  const opened = await open(TOKEN);
  assert.deepEqual([opened.status, opened.json.data.token, opened.json.data.dailyCredits], [200, "alice", 100_000]);
  const cookie = opened.headers.get("set-cookie");
  assert.match(cookie, /; HttpOnly; SameSite=Strict$/);
  assert.ok(!cookie.includes(TOKEN));
  const page = fromPage({ Cookie: cookie.split(";")[0] });
  const { taskId } = (await made.post("generate", IMAGE, page)).json.data;
  assert.equal((await made.get(`record-info?taskId=${taskId}`)).status, 200, "the token sees what its session made");
  assert.equal((await made.get("../usage")).json.data.spent, 8);
  // The cookie alone does no more than a session's: a foreign page can't use it.
  assert.equal((await made.post("generate", IMAGE, { ...page, Origin: "https://evil.example" })).status, 403);
  const renewed = await made.post("../session", "", page);
  assert.equal(renewed.json.data.token, "alice", "renewed it stays the token's");
  assert.equal(renewed.json.data.callerId, opened.json.data.callerId);
  assert.notEqual((await session(made)).opened.json.data.callerId, (await session(made)).opened.json.data.callerId);
  const ended = await made.post("../session/end", "", page);
  assert.deepEqual([ended.status, ended.headers.get("set-cookie")], [200, "midapi-token=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"]);
  assert.equal((await made.post("../session/end", "", { ...page, Origin: "https://evil.example" })).status, 403);

  // The browser's own session is beside it, and counts again without it.
  const { page: own } = await session(made);
  const both = fromPage({ Cookie: `${own.Cookie}; ${page.Cookie}` });
  assert.equal((await made.get("../usage", both)).json.data.token, "alice");
  assert.equal((await made.get("../usage", own)).json.data.token, undefined);
  const forged = page.Cookie.replace("midapi-token=", "midapi=");
  assert.equal((await made.get("../usage", fromPage({ Cookie: forged }))).status, 401);

  // A token for pages of one origin opens no session for those of another.
  const elsewhere = await gateway({ ...withSessions, MIDAPI_TOKENS: JSON.stringify([entry("alice", TOKEN, { origins: ["https://app.example"] })]) });
  assert.equal((await elsewhere.post("../session", "", { ...fromPage(), Authorization: `Bearer ${TOKEN}` })).status, 403);

  // Another token of that name is another.
  const rotated = await gateway({ ...withSessions, MIDAPI_TOKENS: JSON.stringify([entry("alice", OTHER_TOKEN)]) });
  assert.equal((await rotated.get("../usage", page)).status, 401);
});

test("row 13: where a browser may spend nothing, there is a session only for a token", async () => {
  const made = await gateway({ ...withSessions, MIDAPI_SESSION_DAILY_CREDITS: "0" });
  const refused = await made.post("../session", "", fromPage());
  assert.deepEqual([refused.status, refused.headers.get("set-cookie")], [401, null]);
  // Nor does one help that was opened before.
  const { page } = await session(await gateway(withSessions));
  assert.equal((await made.post("generate", IMAGE, page)).status, 401);
  assert.equal((await made.get("tasks", page)).status, 401);
  const opened = await made.post("../session", "", { ...fromPage(), Authorization: `Bearer ${TOKEN}` });
  assert.equal((await made.post("generate", IMAGE, fromPage({ Cookie: opened.headers.get("set-cookie").split(";")[0] }))).status, 200);
});

test("what a caller may spend is told with what this gateway sets aside", async () => {
  const made = await gateway({ MIDAPI_PRICES: '{"fast": 7, "video": [20, 40]}' });
  const { token, prices } = (await made.get("../usage")).json.data;
  assert.deepEqual([token, prices], ["alice", { fast: [7, 7], video: [20, 40] }]);
});

test("the health route tells pages what Turnstile's widget is shown by, where a session needs it", async () => {
  const key = "0x4AAAAAAADnPIDROrmt1Wwj";
  const health = async (vars) => (await (await fetch(`${(await gateway(vars)).url}/api/v1/health`)).json()).data.turnstileSiteKey;
  const needed = { ...withSessions, MIDAPI_TURNSTILE_SECRET: "turnstile-secret", MIDAPI_TURNSTILE_SITE_KEY: key };
  assert.equal(await health(needed), key);
  assert.equal(await health({ ...withSessions, MIDAPI_TURNSTILE_SITE_KEY: key }), undefined);
  assert.equal(await health({}), undefined);
});

test("the health route tells everyone what the gateway offers, and nothing else", async () => {
  const { url } = await gateway();
  const response = await fetch(`${url}/api/v1/health`);
  assert.deepEqual(await response.json(), { code: 200, msg: "success", data: { idempotencyKeys: true, events: true, archive: false, uploads: false } });
});

test("every answer and its log line have the request id, and no log line has a prompt or a secret", async () => {
  const made = await gateway(withSessions);
  const { page } = await session(made);
  const prompt = "a prompt that is nobody's business";
  const answers = [
    await made.post("generate", { ...IMAGE, prompt }),
    await made.post("generate", { ...IMAGE, prompt }, page),
    await made.post("generate", { ...IMAGE, prompt }, { Authorization: "Bearer wrong" }),
    await made.get("record-info?taskId=unknown"),
    await made.get("nowhere"),
  ];
  // Those of requests: a gateway also tells of what it does by itself.
  const lines = made.lines.map((line) => JSON.parse(line)).filter(({ route }) => route !== undefined);
  for (const { status, headers, json } of answers) {
    const id = headers.get("x-request-id");
    assert.match(id, /^[0-9a-f]{16}$/);
    if (status !== 200) assert.equal(json.requestId, id);
    const [line, ...others] = lines.filter((line) => line.id === id);
    assert.equal(others.length, 0);
    assert.equal(line.outcome, status);
  }
  assert.deepEqual(Object.keys(lines[1]), ["id", "route", "subject", "outcome", "ms", "upstreamMs", "credits"]);
  assert.deepEqual(lines.slice(1, 4).map(({ subject }) => subject), ["alice", "session", "-"]);
  const log = made.lines.join("\n");
  for (const secret of [prompt, TOKEN, SESSION_SECRET, page.Cookie, "CANARY", "wrong", "127.0.0.1"]) assert.ok(!log.includes(secret), secret);
});

test("an existing client keeps working with a token in place of the key", async () => {
  const { url } = await gateway({ MIDAPI_TOKENS: JSON.stringify([entry("app", "midapi_another")]), ...{ MIDAPI_DAILY_CREDITS: POLICY.MIDAPI_DAILY_CREDITS } });
  const { post, get } = callers(url);
  const app = { Authorization: "Bearer midapi_another" };
  const { taskId } = (await post("generate", IMAGE, app)).json.data;
  assert.equal((await get(`record-info?taskId=${taskId}`, app)).json.data.taskId, taskId);
});

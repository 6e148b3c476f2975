/** What leaves the gateway, and what comes back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KEY, TOKEN, Upstream, breakingServer, envelope, gatewayOn } from "../support/servers.js";

const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };
const TASK = "9f47c52047dda21bb3df0488736cce57";
const accepted = () => envelope({ taskId: TASK });

test("a generate sends one POST with the rebuilt request and the vendor's key", async () => {
  const upstream = new Upstream(accepted);
  const gateway = await gatewayOn(upstream);
  const answer = await gateway.post("generate", { ...IMAGE, version: 7, speed: "Relax", fileUrl: "", waterMark: null });
  assert.equal(answer.status, 200);
  assert.equal(upstream.requests.length, 1);
  const [sent] = upstream.requests;
  assert.equal(sent.url, "https://vendor.example/api/v1/mj/generate");
  assert.equal(sent.headers.authorization, `Bearer ${KEY}`);
  assert.equal(sent.headers["content-type"], "application/json");
  assert.deepEqual(JSON.parse(sent.body), { ...IMAGE, version: "7", speed: "relaxed" });
});

test("every task type of the quick start goes through", async () => {
  const upstream = new Upstream(accepted);
  const gateway = await gatewayOn(upstream);
  const fileUrl = "https://example.com/source-image.jpg";
  const requests = [
    { taskType: "mj_txt2img", prompt: "A futuristic cityscape", aspectRatio: "16:9", version: "7" },
    { taskType: "mj_img2img", prompt: "cyberpunk style", fileUrl, aspectRatio: "1:1", version: "7" },
    { taskType: "mj_video", prompt: "Add gentle movement", fileUrl, version: "7" },
    { taskType: "mj_txt2img", prompt: "zen garden", callBackUrl: "https://your-app.com/webhook/mj-callback", aspectRatio: "16:9" },
  ];
  for (const request of requests) assert.equal((await gateway.post("generate", request)).status, 200);
  // Where the caller is called back is the gateway's own affair.
  const { callBackUrl, ...last } = requests.pop();
  assert.deepEqual(upstream.submits.map(({ body }) => JSON.parse(body)), [...requests, last]);
});

test("row 5: the caller's headers, query and body don't change where a request goes", async () => {
  const upstream = new Upstream(accepted);
  const gateway = await gatewayOn(upstream);
  const hostile = {
    "Content-Type": "application/json",
    Authorization: `Bearer ${TOKEN}`,
    Cookie: "session=1",
    "X-Fal-Target-Url": "https://evil.example",
    "X-Base-Url": "https://evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Http-Method-Override": "DELETE",
  };
  const response = await fetch(`${gateway.api}/generate?url=https://evil.example&baseUrl=https://evil.example`, {
    method: "POST",
    headers: hostile,
    body: JSON.stringify(IMAGE),
  });
  assert.equal(response.status, 200);
  const [sent] = upstream.requests;
  assert.equal(new URL(sent.url).host, "vendor.example");
  assert.equal(new URL(sent.url).search, "");
  assert.equal(sent.headers.authorization, `Bearer ${KEY}`);
  for (const name of ["cookie", "x-fal-target-url", "x-base-url", "x-forwarded-host", "x-http-method-override"]) {
    assert.equal(sent.headers[name], undefined, name);
  }
});

test("row 7: the answer has only the gateway's own headers, and the gateway's own task id", async () => {
  const upstream = new Upstream(() =>
    envelope({ taskId: TASK }, { headers: { "Set-Cookie": "a=b", "Access-Control-Allow-Origin": "*", Server: "vendor" } }),
  );
  const gateway = await gatewayOn(upstream);
  const { headers, json } = await gateway.post("generate", IMAGE);
  for (const name of ["set-cookie", "access-control-allow-origin", "server"]) assert.equal(headers.get(name), null, name);
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  assert.notEqual(json.data.taskId, TASK);
});

test("row 21: a record is read by the vendor's id and returned without the callback's secret", async () => {
  const record = {
    taskId: TASK,
    taskType: "mj_txt2img",
    paramJson: JSON.stringify({ ...IMAGE, callBackUrl: "https://app.example/hook?secret=hunter2", internal: "hunter2" }),
    completeTime: "2024-03-20T10:31:00Z",
    createTime: 1710930600000,
    resultInfoJson: JSON.stringify({ resultUrls: [{ resultUrl: "https://files.example/0.png", internal: "hunter2" }] }),
    successFlag: "1",
    errorCode: null,
    errorMessage: null,
    internal: "hunter2",
  };
  const upstream = new Upstream(({ method }) => (method === "POST" ? accepted() : envelope(record)));
  const gateway = await gatewayOn(upstream);
  const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
  const { body, json } = await gateway.get(`record-info?taskId=${taskId}`);
  assert.equal(upstream.requests[1].url, `https://vendor.example/api/v1/mj/record-info?taskId=${TASK}`);
  assert.ok(!body.includes("hunter2"), body);
  // What doesn't read as a request of ours isn't shown; what was ordered is.
  json.data.paramJson = JSON.parse(json.data.paramJson);
  assert.deepEqual(json, {
    code: 200,
    msg: "success",
    data: {
      taskId,
      taskType: "mj_txt2img",
      paramJson: IMAGE,
      createTime: 1710930600000,
      completeTime: 1710930660000,
      resultInfoJson: { resultUrls: [{ resultUrl: "https://files.example/0.png" }] },
      successFlag: 1,
      errorCode: null,
      errorMessage: null,
    },
  });
});

test("the vendor's Retry-After reaches the caller", async () => {
  const generating = { taskId: TASK, successFlag: 0 };
  const paced = (data) => envelope(data, { headers: { "Retry-After": "3" } });
  const upstream = new Upstream(({ method }) => paced(method === "POST" ? { taskId: TASK } : generating));
  const gateway = await gatewayOn(upstream);
  const submitted = await gateway.post("generate", IMAGE);
  assert.equal(submitted.headers.get("retry-after"), "3");
  const looked = await gateway.get(`record-info?taskId=${submitted.json.data.taskId}`);
  assert.equal(looked.headers.get("retry-after"), "3");
});

test("an upscale uses the route that the vendor has, whichever route the caller uses, and remembers it", async () => {
  const upstream = new Upstream(({ url }) =>
    url.endsWith("/upscale") ? envelope(null, { code: 404, msg: "Not Found", status: 404 }) : accepted(),
  );
  const gateway = await gatewayOn(upstream);
  const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
  upstream.requests.length = 0;

  assert.equal((await gateway.post("upscale", { taskId, index: 2 })).status, 200);
  assert.equal((await gateway.post("generateUpscale", { taskId, imageIndex: 3 })).status, 200);
  assert.deepEqual(
    upstream.requests.map(({ url, body }) => [new URL(url).pathname, JSON.parse(body)]),
    [
      ["/api/v1/mj/upscale", { taskId: TASK, index: 2 }],
      ["/api/v1/mj/generateUpscale", { taskId: TASK, imageIndex: 1 }],
      ["/api/v1/mj/generateUpscale", { taskId: TASK, imageIndex: 3 }],
    ],
  );
});

test("an upscale follows the vendor when it moves the route, and when it moves it back", async () => {
  let missing;
  const upstream = new Upstream(({ url }) =>
    missing && url.endsWith(missing) ? envelope(null, { code: 404, msg: "Not Found", status: 404 }) : accepted(),
  );
  const gateway = await gatewayOn(upstream);
  const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
  for (missing of ["/upscale", "/generateUpscale", "/upscale", "/generateUpscale"]) {
    upstream.requests.length = 0;
    for (let number = 0; number < 2; number++) {
      const answer = await gateway.post("upscale", { taskId, index: 1 });
      assert.equal(answer.status, 200, `${missing}: ${answer.body}`);
    }
    // The first try finds out, the second knows.
    const found = upstream.requests.filter(({ url }) => !url.endsWith(missing));
    assert.deepEqual([found.length, upstream.requests.length], [2, 3], missing);
  }
});

test("a picture keeps its place where one of the vendor's links is missing", async () => {
  const link = (number) => `https://files.example/${number}.png`;
  const resultUrls = [{ resultUrl: link(1) }, { resultUrl: null }, { resultUrl: link(3) }, { resultUrl: link(4) }];
  const record = { taskId: TASK, successFlag: 1, resultInfoJson: { resultUrls } };
  const upstream = new Upstream(({ method }) => (method === "POST" ? accepted() : envelope(record)));
  const gateway = await gatewayOn(upstream);
  const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
  // The second time it is what was stored.
  for (let number = 0; number < 2; number++) {
    const { json } = await gateway.get(`record-info?taskId=${taskId}`);
    assert.deepEqual(json.data.resultInfoJson.resultUrls, resultUrls);
  }
});

test("a page in front of the vendor says nothing of the gateway's key, and nothing is billed", async () => {
  const page = (status) => new Response("<html>blocked</html>", { status, headers: { "Content-Type": "text/html" } });
  let answer = accepted;
  const gateway = await gatewayOn(new Upstream(() => answer()));
  const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
  const { spent } = (await gateway.get("../usage")).json.data;
  for (const status of [401, 403, 404]) {
    answer = () => page(status);
    for (const refused of [await gateway.post("generate", IMAGE), await gateway.post("upscale", { taskId, index: 1 })]) {
      assert.equal(refused.status, 502);
      assert.match(refused.json.msg, new RegExp(`in front of the API answered HTTP ${status}`));
      assert.ok(!/key|billed/.test(refused.json.msg), refused.json.msg);
    }
  }
  assert.equal((await gateway.get("../usage")).json.data.spent, spent, "it comes before acceptance");
  assert.equal((await gateway.get(`record-info?taskId=${taskId}`)).status, 502);
  answer = () => envelope({ taskId: TASK, successFlag: 0 });
  await new Promise((resolve) => setTimeout(resolve, 5_100));
  assert.equal((await gateway.get(`record-info?taskId=${taskId}`)).json.data.successFlag, 0);
});

test("a refusal's code becomes the HTTP status, whether the vendor sent it inside HTTP 200 or not", async () => {
  let refusal;
  const upstream = new Upstream(() => refusal());
  const gateway = await gatewayOn(upstream);
  for (const [code, status, init] of [
    [400, 400], [402, 402], [422, 422], [429, 429], [455, 455], [505, 505],
    [402, 402, { status: 402 }], [429, 429, { status: 429 }],
  ]) {
    refusal = () => envelope(null, { code, msg: `because ${code}`, ...init });
    const answer = await gateway.post("generate", IMAGE);
    assert.deepEqual([answer.status, answer.json.code, answer.json.msg], [status, status, `because ${code}`]);
  }
  for (const code of [500, 501]) {
    refusal = () => envelope(null, { code, msg: "x".repeat(100_000) });
    const { status, json } = await gateway.post("generate", IMAGE);
    assert.equal(status, code);
    assert.match(json.msg, /^x{1000}…; the task may have been created and billed, so it was not sent again$/);
  }
  // The caller did nothing wrong: it is the gateway's own key.
  refusal = () => envelope(null, { code: 401, msg: "You do not have access permissions" });
  const { status, json } = await gateway.post("generate", IMAGE);
  assert.deepEqual([status, json.msg], [503, "misconfigured: the vendor refused the gateway's key"]);
});

test("row 3: a redirect is an error, and the other host sees nothing", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const upstream = new Upstream(() => new Response(null, { status, headers: { Location: "https://evil.example/" } }));
    const gateway = await gatewayOn(upstream);
    const answer = await gateway.post("generate", IMAGE);
    assert.equal(answer.status, 502);
    assert.deepEqual(upstream.requests.map(({ url }) => new URL(url).host), ["vendor.example"]);
  }
});

test("rows 31 and 33: after an unreadable answer, one submit was sent and the caller is told that it may be billed", async () => {
  let broken;
  const upstream = new Upstream(() => broken());
  const gateway = await gatewayOn(upstream);
  for (const [status, answer] of [
    [502, () => new Response("<html>busy</html>", { headers: { "Content-Type": "text/html" } })],
    [502, () => envelope(null)],
    [502, () => envelope({})],
    [502, () => envelope({ taskId: 7 })],
    [502, () => Response.json([1, 2])],
    [502, () => new Response('{"code":200,"msg":"succ')],
  ]) {
    broken = answer;
    upstream.requests.length = 0;
    const { status: got, json } = await gateway.post("generate", IMAGE);
    assert.equal(got, status, json.msg);
    assert.equal(upstream.requests.length, 1);
    assert.match(json.msg, /may have been created and billed/);
  }
});

test("row 31: after a broken connection, one submit was sent and the caller is told that it may be billed", async () => {
  for (const answer of ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"code\":200,"]) {
    const upstream = await breakingServer(answer);
    const gateway = await gatewayOn(undefined, { vars: { MIDAPI_UPSTREAM_URL: upstream.url } });
    const { status, json } = await gateway.post("generate", IMAGE);
    assert.equal(status, 504, json.msg);
    assert.match(json.msg, /may have been created and billed/);
    assert.equal(upstream.requests, 1);
    // The owner can find it, and count them.
    const line = JSON.parse(gateway.lines.at(-1));
    assert.deepEqual([line.route, line.outcome, line.credits, line.billed], ["generate", 504, 8, "unknown"]);
    assert.equal(typeof line.upstreamMs, "number");
  }
});

test("row 8: without a usable key or upstream nothing is sent", async () => {
  for (const vars of [
    { MIDAPI_API_KEY: null },
    { MIDAPI_API_KEY: "" },
    { MIDAPI_API_KEY: "   " },
    { MIDAPI_API_KEY: "two\nlines" },
    { MIDAPI_API_KEY: "7-of-it" },
    { MIDAPI_UPSTREAM_URL: "http://vendor.example" },
    { MIDAPI_UPSTREAM_URL: "ftp://vendor.example" },
    { MIDAPI_UPSTREAM_URL: "https://user:pass@vendor.example" },
    { MIDAPI_UPSTREAM_URL: "not a URL" },
  ]) {
    const upstream = new Upstream(accepted);
    const gateway = await gatewayOn(upstream, { vars });
    const answer = await gateway.post("generate", IMAGE);
    assert.equal(answer.status, 503, JSON.stringify(vars));
    assert.match(answer.json.msg, /^misconfigured: the gateway's /);
    assert.equal(upstream.requests.length, 0);
    await gateway.stop();
  }
});

/** What never leaves the gateway: each refusal names the field, and nothing goes upstream. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Upstream, envelope, exactly, gatewayOn, simulator } from "../support/servers.js";

const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };
const upstream = new Upstream(() => envelope({ taskId: "9f47c52047dda21bb3df0488736cce57" }));
const gateway = await gatewayOn(upstream);
const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
// From here on nothing may be awaited outside a test: the runner would take the file for finished.

function refused(name, field, status, call) {
  test(`${name} → ${status} naming ${field}`, async () => {
    upstream.requests.length = 0;
    const answer = await call();
    assert.equal(answer.status, status, answer.body);
    assert.deepEqual(Object.keys(answer.json), ["code", "msg", "data", "requestId"]);
    assert.equal(answer.json.code, status);
    assert.ok(answer.json.msg.startsWith(`${field}: `), answer.json.msg);
    assert.ok(answer.json.msg.length < 400, "a refusal is a sentence");
    assert.equal(upstream.requests.length, 0, "nothing goes upstream");
  });
}

for (const [name, field, body] of [
  ["no body at all", "body", ""],
  ["a body that isn't JSON", "body", "{prompt: 1}"],
  ["a body cut short", "body", '{"taskType":"mj_txt2img"'],
]) {
  refused(name, field, 400, () => gateway.post("generate", body));
}
refused("a body of 1 MB", "body", 413, () => gateway.post("generate", { ...IMAGE, prompt: "x".repeat(1_000_000) }));
refused("a body of 1 MB without a length", "body", 413, () => {
  const parts = Array.from({ length: 100 }, () => " ".repeat(10_000));
  return exactly(`${gateway.api}/generate`, { headers: { "Content-Type": "application/json" }, parts });
});

refused("text that isn't UTF-8", "body", 400, () =>
  gateway.post("generate", Buffer.from('{"taskType":"mj_txt2img","prompt":"\xff"}', "latin1")),
);
for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", ""]) {
  refused(`row 14: a body sent as ${type || "nothing"}, as a page of another origin can`, "body", 415, async () => {
    const headers = { "Content-Type": type, Origin: "https://evil.example" };
    const response = await fetch(`${gateway.api}/generate`, { method: "POST", headers, body: JSON.stringify(IMAGE) });
    const body = await response.text();
    return { status: response.status, body, json: JSON.parse(body) };
  });
}

for (const [name, field, body] of [
  ["a list", "body", []],
  ["a string", "body", '"hello"'],
  ["null", "body", "null"],
  ["no task type", "taskType", { prompt: "x" }],
  ["an unknown task type", "taskType", { ...IMAGE, taskType: "mj_txt3img" }],
  ["a task type of the wrong type", "taskType", { ...IMAGE, taskType: 1 }],
  ["no prompt", "prompt", { taskType: "mj_txt2img" }],
  ["an empty prompt", "prompt", { ...IMAGE, prompt: "" }],
  ["a prompt of spaces", "prompt", { ...IMAGE, prompt: "  \n " }],
  ["a prompt of 2001 characters", "prompt", { ...IMAGE, prompt: "é".repeat(2001) }],
  ["a prompt that is a number", "prompt", { ...IMAGE, prompt: 5 }],
  ["the ratio 21:9", "aspectRatio", { ...IMAGE, aspectRatio: "21:9" }],
  ["an unknown speed", "speed", { ...IMAGE, speed: "warp" }],
  ["an unknown version", "version", { ...IMAGE, version: "8" }],
  ["a version of the wrong type", "version", { ...IMAGE, version: true }],
  ["stylization 1001", "stylization", { ...IMAGE, stylization: 1001 }],
  ["stylization -1", "stylization", { ...IMAGE, stylization: -1 }],
  ["stylization 1.5", "stylization", { ...IMAGE, stylization: 1.5 }],
  ["stylization as text", "stylization", { ...IMAGE, stylization: "100" }],
  ["variety 101", "variety", { ...IMAGE, variety: 101 }],
  ["weirdness 3001", "weirdness", { ...IMAGE, weirdness: 3001 }],
  ["ow 0", "ow", { ...IMAGE, ow: 0 }],
  ["motion medium", "motion", { ...IMAGE, motion: "medium" }],
  ["a batch of 3 videos", "videoBatchSize", { ...IMAGE, videoBatchSize: 3 }],
  ["a translation of maybe", "enableTranslation", { ...IMAGE, enableTranslation: "maybe" }],
  ["img2img without a URL", "fileUrl", { ...IMAGE, taskType: "mj_img2img" }],
  ["video without a URL", "fileUrl", { ...IMAGE, taskType: "mj_video" }],
  ["video from two images", "fileUrls", { ...IMAGE, taskType: "mj_video", fileUrls: ["https://a.example/1", "https://a.example/2"] }],
  ["both forms of the file", "fileUrls", { ...IMAGE, fileUrl: "https://a.example/1", fileUrls: ["https://a.example/2"] }],
  ["a file that is no URL", "fileUrl", { ...IMAGE, fileUrl: "cat.png" }],
  ["a file with a user in its URL", "fileUrl", { ...IMAGE, fileUrl: "https://a@b.example/1" }],
  ["a file of another scheme", "fileUrls", { ...IMAGE, fileUrls: ["file:///etc/passwd"] }],
  ["a callback that is no URL", "callBackUrl", { ...IMAGE, callBackUrl: "hook" }],
  ["a misspelt field", "callbackUrl", { ...IMAGE, callbackUrl: "https://a.example" }],
  ["an unknown field", "baseUrl", { ...IMAGE, baseUrl: "https://evil.example" }],
  ["an unknown field with a long name", "x".repeat(40), { ...IMAGE, ["x".repeat(50_000)]: 1 }],
]) {
  refused(name, field, 422, () => gateway.post("generate", body));
}

const PRIVATE = [
  "http://127.0.0.1/x", "https://localhost/x", "http://169.254.169.254/latest/meta-data", "http://[::1]/x", "http://2130706433/x",
  "http://0x7f.1/x", "http://0177.0.0.1/x", "http://127.1/x", "http://10.1.2.3/x", "http://192.168.0.1/x", "http://intranet/x",
  "http://[::ffff:127.0.0.1]/x", "http://[fd00::1]/x", "http://100.64.0.1/x", "https://db.internal/x", "https://localhost./x",
];
for (const link of PRIVATE) {
  for (const [field, body] of [
    ["fileUrl", { ...IMAGE, taskType: "mj_img2img", fileUrl: link }],
    ["fileUrls", { ...IMAGE, taskType: "mj_img2img", fileUrls: ["https://files.example/1.png", link] }],
    ["callBackUrl", { ...IMAGE, callBackUrl: link }],
  ]) {
    refused(`row 26: a link to ${link} as ${field}`, field, 422, () => gateway.post("generate", body));
  }
  for (const [route, body] of [
    ["upscale", { index: 1 }],
    ["generateUpscale", { imageIndex: 1 }],
    ["generateVary", { imageIndex: 1 }],
    ["generateVideoExtend", { index: 1, taskType: "mj_video_extend_auto" }],
  ]) {
    refused(`row 26: ${route} that calls back at ${link}`, "callBackUrl", 422, () => gateway.post(route, { ...body, taskId, callBackUrl: link }));
  }
}
refused("row 26: 1,900 links in one submit", "fileUrls", 422, () => {
  const fileUrls = Array.from({ length: 1_900 }, (_, number) => `https://files.example/${number}`);
  return gateway.post("generate", { ...IMAGE, taskType: "mj_img2img", fileUrls });
});

test("what is refused reserves nothing", async () => {
  const spent = async () => (await gateway.get("../usage")).json.data.spent;
  const before = await spent();
  for (const link of PRIVATE) await gateway.post("generate", { ...IMAGE, taskType: "mj_img2img", fileUrl: link });
  assert.equal(await spent(), before);
});

test("row 26: in development, with an upstream on this machine, links may lead to this machine", async () => {
  const server = await simulator();
  const local = await gatewayOn(undefined, { vars: { MIDAPI_UPSTREAM_URL: server.url } });
  const post = (fileUrl) => local.post("generate", { ...IMAGE, taskType: "mj_img2img", fileUrl });
  assert.equal((await post(`${server.url}/files/1.png`)).status, 200);
  const { status, json } = await post("http://169.254.169.254/x");
  assert.deepEqual([status, json.msg.split(":")[0]], [422, "fileUrl"]);
});

for (const [name, field, route, body] of [
  ["index 5", "index", "upscale", { taskId, index: 5 }],
  ["index 0", "index", "upscale", { taskId, index: 0 }],
  ["no index", "index", "upscale", { taskId }],
  ["index as text", "index", "upscale", { taskId, index: "1" }],
  ["imageIndex 4", "imageIndex", "generateUpscale", { taskId, imageIndex: 4 }],
  ["the other form's field", "index", "generateUpscale", { taskId, index: 1 }],
  ["vary counts from 0", "imageIndex", "generateVary", { taskId, imageIndex: 4 }],
  ["vary an unknown task", "taskId", "generateVary", { taskId: "9f47c52047dda21bb3df0488736cce57", imageIndex: 1 }],
  ["an extension without its kind", "taskType", "generateVideoExtend", { taskId, index: 0 }],
  ["a manual extension without a prompt", "prompt", "generateVideoExtend", { taskId, index: 0, taskType: "mj_video_extend_manual" }],
  ["no task", "taskId", "upscale", { index: 1 }],
  ["an unknown task", "taskId", "upscale", { taskId: "9f47c52047dda21bb3df0488736cce57", index: 1 }],
  ["an id that is none", "taskId", "upscale", { taskId: "../credit", index: 1 }],
]) {
  refused(`upscale: ${name}`, field, 422, () => gateway.post(route, body));
}

for (const [name, query] of [
  ["an unknown task", "?taskId=9f47c52047dda21bb3df0488736cce57"],
  ["a task of another gateway", `?taskId=${[...taskId].reverse().join("")}`],
  ["no task", ""],
  ["an id that is a path", "?taskId=..%2f..%2fcommon%2fcredit"],
  ["an id that adds a parameter", `?taskId=${taskId}%26x=1`],
]) {
  refused(`record-info: ${name}`, "taskId", 422, () => gateway.get(`record-info${query}`));
}

test("row 6: other spellings of a route get 404, other methods get 405", async () => {
  upstream.requests.length = 0;
  for (const path of [
    "/api/v1/mj/Generate", "/api/v1/mj/generate/", "/api/v1/mj//generate", "/api//v1/mj/generate", "/api/v1/mj/generate;x",
    "/api/v1/mj%2fgenerate", "/api/v1/mj/..%2fmj/generate", "/api/v1/mj/", "/api/v1/chat/credit", "/api/v1/usage/", "/api/v1/Health", "/api/v1/mj/constructor",
  ]) {
    const response = await fetch(gateway.url + path, { method: "POST", body: JSON.stringify(IMAGE) });
    assert.equal(response.status, 404, path);
  }
  for (const [method, route, allow] of [
    ["GET", "generate", "POST"], ["PUT", "generate", "POST"], ["DELETE", "upscale", "POST"],
    ["POST", "../common/credit", "GET"], ["POST", "../usage", "GET"], ["GET", "../session", "POST"],
    ["POST", "record-info", "GET"], ["HEAD", "record-info", "GET"], ["OPTIONS", "generate", "POST"],
  ]) {
    const response = await fetch(new URL(`${route}?taskId=${taskId}`, `${gateway.api}/`), { method });
    assert.equal(response.status, 405, `${method} ${route}`);
    assert.equal(response.headers.get("allow"), allow);
  }
  assert.equal(upstream.requests.length, 0);
});

test("row 2: only the studio's files are served as assets", async () => {
  for (const path of ["/.dev.vars", "/.env", "/wrangler.toml", "/_headers", "/midapi/midapi.js.map", "/gateway.js", "/..%2f.dev.vars"]) {
    const response = await fetch(gateway.url + path);
    await response.text();
    assert.equal(response.status, 404, path);
  }
});

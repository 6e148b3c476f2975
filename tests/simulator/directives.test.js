/** The directives in a prompt, such as `[sim: fail]`, make the simulator behave as the vendor does on a bad day. */
import assert from "node:assert/strict";
import { IMAGE, credits, look, record, submitted } from "./calls.js";
import { everyForm } from "./forms.js";

const withDirective = (directive) => ({ ...IMAGE, prompt: `x [sim: ${directive}]` });
const ended = async (vendor, directive) => record(vendor, await submitted(vendor, withDirective(directive)));
const links = ({ resultInfoJson }) => resultInfoJson.resultUrls.map(({ resultUrl }) => resultUrl);

everyForm("a task fails with the flag and the message that the prompt gives", async (simulator) => {
  const vendor = await simulator();
  for (const [directive, flag, message] of [
    ["fail", 3, "No response from MidJourney"],
    ["fail=2", 2, "No response from MidJourney"],
    ["fail, message=Flagged", 3, "Flagged"],
  ]) {
    const { successFlag, errorMessage, resultInfoJson } = await ended(vendor, directive);
    assert.deepEqual([successFlag, errorMessage, resultInfoJson], [flag, message, null]);
  }
});

everyForm("`never`: the task keeps running, and takes no slot from others", async (simulator) => {
  const vendor = await simulator({ PARALLEL_TASKS: 1 });
  assert.equal((await ended(vendor, "never")).successFlag, 0);
  assert.equal((await record(vendor, await submitted(vendor))).successFlag, 1);
});

everyForm("`result=string`: the results are a JSON string", async (simulator) => {
  const { resultInfoJson } = await ended(await simulator(), "result=string");
  assert.equal(typeof resultInfoJson, "string");
  assert.equal(JSON.parse(resultInfoJson).resultUrls.length, 4);
});

everyForm("`result=none`: the task succeeds without a result", async (simulator) => {
  const { successFlag, resultInfoJson } = await ended(await simulator(), "result=none");
  assert.equal(successFlag, 1);
  assert.deepEqual(resultInfoJson, { resultUrls: [] });
});

everyForm("`result=gap`: the second of four links is null, and the others keep their places", async (simulator) => {
  const task = await ended(await simulator(), "result=gap");
  assert.equal(task.successFlag, 1);
  const [first, second, third, fourth] = links(task);
  assert.equal(second, null);
  for (const [place, link] of [[0, first], [2, third], [3, fourth]]) {
    assert.equal(new URL(link).pathname, `/m/${task.taskId}_0_${place}.png`);
    assert.equal((await fetch(link)).status, 200);
  }
});

everyForm("`result=broken`: the task succeeds, and none of its four links is a URL", async (simulator) => {
  const task = await ended(await simulator(), "result=broken");
  assert.equal(task.successFlag, 1);
  assert.equal(links(task).length, 4);
  for (const link of links(task)) {
    assert.equal(typeof link, "string");
    assert.equal(URL.canParse(link), false, link);
  }
});

everyForm("`times=iso`: the times are ISO strings", async (simulator) => {
  const { createTime, completeTime } = await ended(await simulator(), "times=iso");
  for (const time of [createTime, completeTime]) assert.match(time, /^\d{4}-\d\d-\d\dT/);
});

everyForm("`code`: the submit is refused with the code inside HTTP 200, and costs nothing", async (simulator) => {
  const vendor = await simulator();
  const { status, json } = await vendor.post("mj/generate", withDirective("code=455"));
  assert.deepEqual([status, json.code], [200, 455]);
  assert.equal(await credits(vendor), 10_000);
});

for (const [directive, expected] of [["http", 500], ["http=502", 502]]) {
  everyForm(`\`${directive}\`: the submit is accepted and paid, but the response is HTTP ${expected} without JSON`, async (simulator) => {
    const vendor = await simulator();
    const { status, json } = await vendor.post("mj/generate", withDirective(directive));
    assert.deepEqual([status, json], [expected, undefined]);
    assert.equal(await credits(vendor), 10_000 - 8);
  });
}

for (const [directive, expected] of [["page", 403], ["page=403", 403], ["page=404", 404]]) {
  everyForm(`\`${directive}\`: the submit isn't accepted, and the response is an HTML page with HTTP ${expected}`, async (simulator) => {
    const vendor = await simulator();
    const { status, headers, body, json } = await vendor.post("mj/generate", withDirective(directive));
    assert.deepEqual([status, json], [expected, undefined]);
    assert.equal(headers.get("content-type"), "text/html; charset=UTF-8");
    assert.match(body, /^<!doctype html>/);
    assert.equal(await credits(vendor), 10_000);
  });
}

for (const [directive, code] of [["late", 422], ["late=404", 404]]) {
  everyForm(`\`${directive}\`: the first look at the task says ${code}, the second finds it`, async (simulator) => {
    const vendor = await simulator();
    const taskId = await submitted(vendor, withDirective(directive));
    const first = await look(vendor, taskId);
    assert.deepEqual([first.status, first.json], [200, { code, msg: "The record does not exist", data: null }]);
    const second = (await look(vendor, taskId)).json;
    assert.deepEqual([second.code, second.data.taskId, second.data.successFlag], [200, taskId, 1]);
  });
}

everyForm("a misspelt directive is refused by its name, and costs nothing", async (simulator) => {
  const vendor = await simulator();
  const before = await credits(vendor);
  const { json } = await vendor.post("mj/generate", withDirective("fial"));
  assert.equal(json.code, 422);
  assert.match(json.msg, /there is no directive "fial"; known are fail, message,/);
  assert.equal(await credits(vendor), before);
});

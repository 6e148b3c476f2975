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

everyForm("`record=strings`: whatever the record has is a string", async (simulator) => {
  const vendor = await simulator();
  const success = await ended(vendor, "record=strings");
  assert.deepEqual([success.successFlag, success.errorCode], ["1", null]);
  for (const time of [success.createTime, success.completeTime]) assert.match(time, /^\d{13}$/);
  assert.equal(JSON.parse(success.resultInfoJson).resultUrls.length, 4);
  const failure = await ended(vendor, "record=strings, fail=2");
  assert.deepEqual([failure.successFlag, failure.errorCode], ["2", "500"]);
});

for (const [directive, looks] of [["vanish", 1], ["vanish=3", 3], ["vanish=0", 0]]) {
  everyForm(`\`${directive}\`: there is no record after ${looks} looks, nor a file`, async (simulator) => {
    const vendor = await simulator();
    const taskId = await submitted(vendor, withDirective(directive));
    for (let n = 0; n < looks; n++) assert.equal((await record(vendor, taskId)).successFlag, 1);
    for (let n = 0; n < 2; n++) {
      assert.deepEqual((await look(vendor, taskId)).json, { code: 422, msg: "The record does not exist", data: null });
    }
    assert.equal((await fetch(`${vendor.url}/m/${taskId}_0_0.png`)).status, 404);
    assert.equal((await vendor.post("mj/upscale", { taskId, index: 1 })).json.code, 422);
  });
}

for (const [directive, first, then] of [["flip", 1, 0], ["flip=running", 1, 0], ["flip=fail", 1, 3], ["fail, flip", 3, 0]]) {
  everyForm(`\`${directive}\`: the flag is ${first} at the first look after the end, and ${then} from then on`, async (simulator) => {
    const vendor = await simulator({ DURATIONS: { fast: 0.3 } });
    const taskId = await submitted(vendor, withDirective(directive));
    assert.equal((await record(vendor, taskId)).successFlag, 0);
    await new Promise((resolve) => setTimeout(resolve, 350));
    const flags = [];
    for (let n = 0; n < 3; n++) flags.push((await record(vendor, taskId)).successFlag);
    assert.deepEqual(flags, [first, then, then]);
  });
}

everyForm("`overdue`: the task takes no slot and succeeds after a very long time", async (simulator) => {
  const vendor = await simulator({ HASTE: 10_000, DURATIONS: { fast: 60 }, PARALLEL_TASKS: 1 });
  const overdue = await submitted(vendor, withDirective("overdue"));
  const other = await submitted(vendor);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([(await record(vendor, overdue)).successFlag, (await record(vendor, other)).successFlag], [0, 1]);
  await new Promise((resolve) => setTimeout(resolve, 750));
  const { successFlag, completeTime, createTime } = await record(vendor, overdue);
  assert.deepEqual([successFlag, completeTime - createTime], [1, 720]);
});

everyForm("a value that a directive doesn't have is refused with those it has, and costs nothing", async (simulator) => {
  const vendor = await simulator();
  for (const [directive, message] of [
    ["file=evil", /the directive "file" must have one of html, .*500-once/],
    ["file", /"file" must have one of html/],
    ["host=mine", /"host" must have one of other, http, ip, local, user/],
    ["callback=sometimes", /"callback" must have one of never, late/],
    ["record=numbers", /"record" must have one of strings/],
    ["flip=over", /"flip" must have one of running, fail, or no value/],
    ["vanish=soon", /"vanish" must have a number from 0/],
    ["fail=4", /"fail" must have one of 2, 3, or no value/],
    ["never=1", /"never" must have no value/],
    ["overdue=1e4", /"overdue" must have a number from 0/],
    ["seconds=soon", /"seconds" must have a number/],
    ["result=odd", /"result" must have one of string, none, gap, broken/],
    ["http=200", /"http" must have a whole number from 400 to 599/],
    ["message", /"message" must have a text/],
    ["callback=late, constructor", /there is no directive "constructor"/],
  ]) {
    const { json } = await vendor.post("mj/generate", withDirective(directive));
    assert.equal(json.code, 422, directive);
    assert.match(json.msg, message);
  }
  assert.equal(await credits(vendor), 10_000);
});

everyForm("the bill lists what each task of the account cost, whatever became of it, and agrees with its credits", async (simulator) => {
  const vendor = await simulator();
  const bill = async (key) => (await vendor.get("simulator/bill", key)).json.data;
  const taskId = await submitted(vendor);
  const upscaled = (await vendor.post("mj/upscale", { taskId, index: 1 })).json.data.taskId;
  const [failed, vanished] = [await submitted(vendor, withDirective("fail")), await submitted(vendor, withDirective("vanish=0"))];
  for (const directive of ["http=502", "page", "code=455", "fial"]) await vendor.post("mj/generate", withDirective(directive));
  await vendor.post("mj/generate", IMAGE, "another-key");
  await vendor.post("mj/generate", IMAGE, "broke-key");

  const { tasks, ...sums } = await bill();
  assert.deepEqual(sums, { charged: 4 * 8 + 3, credits: 10_000 - 4 * 8 - 3 });
  const costs = Object.fromEntries(tasks.map(({ taskId, cost }) => [taskId, cost]));
  assert.equal(tasks.length, 5);
  assert.deepEqual([taskId, upscaled, failed, vanished].map((id) => costs[id]), [8, 3, 8, 8]);
  assert.equal(await credits(vendor), sums.credits);
  const { tasks: others, ...theirs } = await bill("another-key");
  assert.deepEqual([others.length, theirs], [1, { charged: 8, credits: 10_000 - 8 }]);
  assert.deepEqual(await bill("broke-key"), { charged: 0, credits: 0, tasks: [] });
  assert.equal((await bill("invalid-key")), null);
});

everyForm("a misspelt directive is refused by its name, and costs nothing", async (simulator) => {
  const vendor = await simulator();
  const before = await credits(vendor);
  const { json } = await vendor.post("mj/generate", withDirective("fial"));
  assert.equal(json.code, 422);
  assert.match(json.msg, /there is no directive "fial"; known are fail, message,/);
  assert.equal(await credits(vendor), before);
});

/** The files and hosts of a bad day, which the directives `file` and `host` ask for; and what a good file is like. */
import assert from "node:assert/strict";
import { get } from "node:http";
import { gunzipSync } from "node:zlib";
import { IMAGE, credits, decoded, record, submitted } from "./calls.js";
import { everyForm } from "./forms.js";

const LONGEST = 3_000_000;
const SCRIPT = "<script>globalThis.ran = true</script>";

const linksOf = ({ resultInfoJson }) => resultInfoJson.resultUrls.map(({ resultUrl }) => resultUrl);

async function links(vendor, directives, request = IMAGE) {
  const prompt = directives ? `x [sim: ${directives}]` : "x";
  return linksOf(await record(vendor, await submitted(vendor, { ...request, prompt })));
}

/** What comes over the wire: `end` tells how it ended. It is left once it is long, or once nothing has come for a while. */
function wire(url) {
  return new Promise((resolve, reject) => {
    const request = get(url, (response) => {
      const chunks = [];
      let length = 0;
      const done = (end) => {
        resolve({ status: response.statusCode, headers: response.headers, bytes: Buffer.concat(chunks), end });
        request.destroy();
      };
      response.setTimeout(1500, () => done("stalled"));
      response.on("error", () => done("broken"));
      response.on("end", () => done("complete"));
      response.on("data", (chunk) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > LONGEST) done("endless");
      });
    });
    request.on("error", reject);
  });
}

everyForm("a file tells its length", async (simulator) => {
  const vendor = await simulator();
  const video = { taskType: "mj_video", fileUrl: "https://example.com/a.jpg" };
  for (const [request, type] of [[IMAGE, "image/png"], [video, "video/mp4"]]) {
    const { headers, bytes } = await wire((await links(vendor, "", request))[0]);
    assert.deepEqual([headers["content-type"], headers["content-length"]], [type, String(bytes.length)]);
    assert.equal(headers["transfer-encoding"], undefined);
  }
});

everyForm("a file may be a page or a drawing with a script, under its own type or another's", async (simulator) => {
  const vendor = await simulator();
  for (const [word, type, start] of [
    ["html", "text/html; charset=UTF-8", "<!doctype html>"],
    ["disguised-html", "image/png", "<!doctype html>"],
    ["svg", "image/svg+xml", "<svg "],
    ["disguised-svg", "image/png", "<svg "],
  ]) {
    const { status, headers, bytes } = await wire((await links(vendor, `file=${word}`))[0]);
    assert.deepEqual([status, headers["content-type"]], [200, type], word);
    assert.ok(bytes.toString().startsWith(start) && bytes.includes(SCRIPT), word);
  }
  const { headers, bytes } = await wire((await links(vendor, "file=polyglot"))[0]);
  assert.equal(headers["content-type"], "image/png");
  assert.equal(decoded(bytes).width, 640);
  assert.ok(bytes.indexOf("IEND") < bytes.indexOf(SCRIPT), "behind the picture");
});

everyForm("a file may have no length, no end, no second half or nothing in it", async (simulator) => {
  const vendor = await simulator();
  const served = async (word) => wire((await links(vendor, `file=${word}`))[0]);
  const whole = await wire((await links(vendor))[0]);

  const unmeasured = await served("no-length");
  assert.deepEqual([unmeasured.headers["content-length"], unmeasured.end], [undefined, "complete"]);
  assert.equal(decoded(unmeasured.bytes).width, 640);

  const endless = await served("endless");
  assert.deepEqual([endless.headers["content-length"], endless.end], [undefined, "endless"]);
  assert.equal(endless.bytes.subarray(1, 4).toString(), "PNG");

  for (const [word, end] of [["short", "broken"], ["stalled", "stalled"]]) {
    const half = await served(word);
    const told = Number(half.headers["content-length"]);
    assert.equal(half.end, end);
    assert.ok(told > whole.bytes.length / 2 && half.bytes.length < told, `${half.bytes.length} of ${told}`);
  }
  const empty = await served("empty");
  assert.deepEqual([empty.status, empty.headers["content-length"], empty.end], [200, "0", "complete"]);
  assert.equal(await credits(vendor), 10_000 - 6 * 8, "it goes on");
});

everyForm("a file may be much larger than what comes over the wire", async (simulator) => {
  const { headers, bytes } = await wire((await links(await simulator(), "file=inflating"))[0]);
  assert.deepEqual([headers["content-encoding"], headers["content-length"]], ["gzip", String(bytes.length)]);
  assert.ok(bytes.length < 1_000_000, `${bytes.length} bytes`);
  const content = gunzipSync(bytes);
  assert.equal(content.subarray(1, 4).toString(), "PNG");
  assert.ok(content.length > 64 * 1024 * 1024);
});

everyForm("a file's address may lead elsewhere", async (simulator) => {
  const [link] = await links(await simulator(), "file=redirect");
  const { status, headers } = await wire(link);
  assert.deepEqual([status, headers.location], [302, `https://elsewhere.example${new URL(link).pathname}`]);
});

everyForm("a file may be refused, each time or the first time alone", async (simulator) => {
  const vendor = await simulator();
  const statuses = async (link) => [(await wire(link)).status, (await wire(link)).status];
  for (const status of [403, 404, 500]) {
    assert.deepEqual(await statuses((await links(vendor, `file=${status}`))[0]), [status, status]);
    const [first, second] = await links(vendor, `file=${status}-once`);
    assert.deepEqual([await statuses(first), await statuses(second)], [[status, 200], [status, 200]]);
    assert.equal(decoded((await wire(first)).bytes).width, 640);
  }
});

everyForm("links may lead to hosts that are none of the vendor's", async (simulator) => {
  const vendor = await simulator();
  const { host } = new URL(vendor.url);
  for (const [word, place] of [
    ["other", "https://elsewhere.example"],
    ["http", `http://${host}`],
    ["ip", "https://169.254.169.254"],
    ["local", "https://localhost"],
    ["user", `http://user:password@${host}`],
  ]) {
    const found = await links(vendor, `host=${word}`);
    assert.equal(found.length, 4);
    for (const [i, link] of found.entries()) assert.match(link.replace(place, ""), new RegExp(`^/m/[0-9a-f]{32}_0_${i}\\.png$`), word);
  }
});

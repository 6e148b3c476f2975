/** The example for Rust programs (`examples/native.rs`): the client over a transport and a timer that aren't ours. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { program } from "../support/quickstart.js";
import { KEY, TOKEN, gatewayOnSimulator, simulator } from "../support/servers.js";

const native = (prompt, env) => program("target/debug/examples/native", [prompt], { env });

test("with a key the native example makes four images and shows the key nowhere", async () => {
  const vendor = await simulator({ DURATIONS: { fast: 1 } });
  const env = { MIDAPI_ENDPOINT: `${vendor.url}/api/v1/mj`, MIDAPI_API_KEY: KEY };
  const lines = (await native("a lighthouse", env)).trim().split("\n");
  assert.match(lines[0], /^\S+ running$/);
  assert.match(lines.at(-5), /^\S+ succeeded$/);
  const images = await Promise.all(lines.slice(-4).map((link) => fetch(link)));
  assert.deepEqual(images.map(({ status }) => status), [200, 200, 200, 200]);

  const refused = await native("a storm [sim: code=402]", env).catch(({ message }) => message);
  assert.match(refused, /ended with 1\nError: insufficient_credits \(billed: no\): /);
  for (const output of [...lines, refused]) assert.ok(!output.includes(KEY));
});

test("the native example runs through a gateway with an access token as its key", async () => {
  const gateway = await gatewayOnSimulator({});
  const output = await native("a lighthouse", { MIDAPI_ENDPOINT: gateway.api, MIDAPI_API_KEY: TOKEN });
  assert.equal(output.match(/^http\S+$/gm).length, 4);
});

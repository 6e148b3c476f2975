/** The vendor's own Python program, with only its base URL changed, against the gateway on the simulator. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gatewayOnSimulator } from "../support/servers.js";
import { program, reachesItsLastLine } from "../support/quickstart.js";

test("the quick start's Python program runs to its last line", async () => {
  const gateway = await gatewayOnSimulator({});
  const output = await program("python3", ["tests/quickstart/quickstart.py", gateway.api], {
    env: { ...process.env, PYTHONPATH: "build/python" },
  });
  reachesItsLastLine(output);
  assert.ok(!output.includes("continue waiting"), "with tasks that are done at once it never sleeps its 30 s");
});

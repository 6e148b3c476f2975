/** The forms that the simulator has: what holds of one holds of each. */
import { test } from "node:test";
import { serve } from "../../dist/simulator/node.js";
import { factsOfVariables } from "../../simulator/facts.js";
import { startSimulatorWorker } from "../../tools/platform.js";
import { ofTests, simulator } from "../support/servers.js";

const FORMS = {
  "in a Durable Object": simulator,
  "in a Worker's memory": (vars) => ofTests(startSimulatorWorker, vars),
  "served by Node": (vars) =>
    ofTests(async ({ vars }) => {
      const { url, close } = await serve(factsOfVariables(vars));
      return { url, stop: close };
    }, vars),
};

/** The same test of each form: `body` gets what starts one, with its variables. */
export function everyForm(title, body) {
  for (const [form, start] of Object.entries(FORMS)) test(`${form}: ${title}`, () => body(start));
}

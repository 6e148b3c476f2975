import { init } from "midapi";
import { simulator } from "midapi/simulator";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pictures } from "./pictures.js";

const fetch = simulator({ haste: 100 });
const app = { apiKey: "any-key-12", fetch };

beforeEach(() => fetch.reset());
afterEach(() => vi.useRealTimers());

test("a prompt becomes four pictures, for one submit", async () => {
  const { links } = await pictures("a lighthouse", app);
  expect(links).toHaveLength(4);
  const picture = await fetch(links[0]);
  expect(picture.headers.get("content-type")).toBe("image/png");
  expect(fetch.submits).toMatchObject([{ route: "generate", code: 200, request: { prompt: "a lighthouse" } }]);
});

test("a task that fails is told in the vendor's words", async () => {
  const outcome = await pictures("a storm [sim: fail, message=The prompt was flagged]", app);
  expect(outcome).toEqual({ problem: "Nothing was drawn: The prompt was flagged" });
});

test("an account without credits is told so, and nothing is tried again", async () => {
  const poor = simulator({ credits: 7 });
  expect(await pictures("a lighthouse", { ...app, fetch: poor })).toEqual({ problem: "There are no credits left." });
  expect(poor.submits).toMatchObject([{ code: 402 }]);
});

test("a submit whose answer is lost may be paid, and isn't sent twice", async () => {
  const outcome = await pictures("a storm [sim: http=502]", app);
  expect(outcome).toEqual({ problem: "Something went wrong.", mayBePaid: true });
  expect(fetch.submits).toHaveLength(1);
});

test("a task of a minute takes no time on a clock that is told", async () => {
  // To start the package takes real time.
  await init();
  vi.useFakeTimers();
  const slow = simulator({ durations: { fast: 60 } });
  const drawn = pictures("a lighthouse", { ...app, fetch: slow });
  await vi.advanceTimersByTimeAsync(61_000);
  expect((await drawn).links).toHaveLength(4);
});

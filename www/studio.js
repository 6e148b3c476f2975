/** The studio: a prompt goes in, pictures come out. What is right or wrong about a request, the package knows. */
import { Midjourney } from "./midapi/midapi.js";
import { account } from "./account.js";
import { Actions } from "./actions.js";
import { announce, banner } from "./announce.js";
import { Batches } from "./batches.js";
import { announcementOf } from "./card.js";
import { Composer } from "./composer.js";
import { find, findAll } from "./dom.js";
import { explain, restated } from "./explain.js";
import { Feed } from "./feed.js";
import { Grid } from "./grid.js";
import { knownTimes, rememberTimes } from "./history.js";
import { Orders } from "./orders.js";
import { Pricing } from "./pricing.js";
import { Router } from "./router.js";
import { Session } from "./session.js";
import { Submits } from "./submits.js";
import { Tasks } from "./tasks.js";
import { Viewer } from "./viewer.js";

const ENDPOINT = "/api/v1/mj";
/** How many of several prompts are sent at once. */
const AT_ONCE = 2;

/** The parts of the page, for those that need another. */
const app = {};
app.session = new Session();
app.midjourney = new Midjourney({ endpoint: ENDPOINT, history: knownTimes() });
app.pricing = new Pricing(app.session, ENDPOINT);
app.tasks = new Tasks(app.midjourney);
app.orders = new Orders(app.midjourney, app.session, localStorage);
app.submits = new Submits(app);
app.router = new Router(app);
app.actions = new Actions(app);
app.composer = new Composer(app, submit);
app.feed = new Feed(app.tasks, app.actions);
app.grid = new Grid(app.tasks, app.actions);
app.batches = new Batches(app, localStorage);
app.viewer = new Viewer(app.tasks, app.actions, {
  moved: (id, index) => app.router.replace(id, index),
  closed: () => location.hash.startsWith("#task/") && app.router.leave(),
});

app.tasks.addEventListener("change", ({ detail: { task, before } }) => {
  if (!task || before?.state !== "running" || task.state === "running") return;
  announce(announcementOf(task));
  rememberTimes(app.midjourney);
});
account(app);
find(".skip").addEventListener("click", (event) => {
  // The address is the view's.
  event.preventDefault();
  find("#main").focus();
});
for (const idea of findAll("#ideas button")) {
  idea.addEventListener("click", () => app.composer.write(idea.textContent));
}
addEventListener("offline", showWhetherOnline);
addEventListener("online", () => {
  showWhetherOnline();
  if (!isIn) start();
});

/** Whether the gateway has let this page in. */
let isIn = false;
showWhetherOnline();
await start();

/** Lets this page in, and shows what is there. */
async function start() {
  try {
    // Nobody may look at a task before the gateway knows whose page this is.
    await app.session.open();
  } catch (error) {
    return refusedEntry(error);
  }
  isIn = true;
  banner("entry");
  app.batches.start();
  app.submits.resume();
  await app.actions.learnCosts();
  app.router.follow();
  await app.feed.start().catch((error) => banner("list", explain(error)));
  await app.batches.loadOlder();
}

/** Sends what the form asks for: one request, or several at once. */
async function submit(requests) {
  if (requests.length === 1) return app.submits.make({ call: "generate", request: requests[0] });
  const batch = app.batches.begin(requests.length);
  const waiting = [...requests];
  const refusals = [];
  const unclear = [];
  // Few at once: a gateway that is asked too much has all of them wait, and not all of them lasts.
  const inTurn = async () => {
    for (let request = waiting.shift(); request; request = waiting.shift()) {
      await app.submits.make({ call: "generate", request, batch }).catch((error) => {
        if (error.billed === "no") refusals.push({ error, prompt: request.prompt });
        else unclear.push(error);
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, inTurn));
  if (refusals.length === 0) return unclear.length > 0 ? Promise.reject(unclear[0]) : undefined;
  const [{ error }] = refusals;
  throw restated(error, { prompts: refusals.map(({ prompt }) => prompt) });
}

/** Says what the gateway wants before it lets this page in. */
function refusedEntry(error) {
  if (error.code === 401) {
    find("#account").showPopover();
    return banner("entry", "This gateway wants an access token: sign in above.");
  }
  // A page of its own asks, as the widget needs scripts of another origin, which this page allows to nobody.
  if (error.code === 403 && app.session.offers.turnstileSiteKey) return location.replace(`person${location.hash}`);
  banner("entry", explain(error));
}

function showWhetherOnline() {
  banner("network", navigator.onLine ? "" : "You are offline. Tasks go on without you; this page catches up when the connection is back.");
}

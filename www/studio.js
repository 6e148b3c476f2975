/** The studio: a prompt goes in, pictures come out. What is right or wrong about a request, the package knows. */
import { Midjourney } from "./midapi/midapi.js";
import { account } from "./account.js";
import { announce, banner, toast } from "./announce.js";
import { Batches } from "./batches.js";
import { announcementOf } from "./card.js";
import { compare } from "./compare.js";
import { Composer } from "./composer.js";
import { find, findAll } from "./dom.js";
import { explain } from "./explain.js";
import { Feed } from "./feed.js";
import { kindOf, price } from "./format.js";
import { Grid } from "./grid.js";
import { knownTimes, rememberTimes } from "./history.js";
import { Orders, described } from "./orders.js";
import { isKept } from "./picture.js";
import { Pricing } from "./pricing.js";
import { isSure } from "./question.js";
import { Session } from "./session.js";
import { Tasks } from "./tasks.js";
import { Viewer } from "./viewer.js";

const ENDPOINT = "/api/v1/mj";
const session = new Session();
const midjourney = new Midjourney({ endpoint: ENDPOINT, history: knownTimes() });
const pricing = new Pricing(session, ENDPOINT);
const tasks = new Tasks(midjourney);
const orders = new Orders(midjourney, localStorage);

/** What can be done with a task, wherever it is shown. */
const actions = {
  /** What can be made of a file. */
  of(task, file) {
    const change = (call, name, symbol, className = call) => ({
      name,
      symbol,
      className,
      cost: costs[call] && price(costs[call]),
      run: ({ taskId, index }) => make({ call, of: { taskId, index }, prompt: task.prompt }),
    });
    if (task.videos.includes(file)) return [change("extendVideo", "Extend", "animate")];
    const isUpscaled = tasks.childrenOf(task.taskId).some((child) => kindOf(child) === "Upscale" && child.parent.index === file.index);
    const animate = { name: "Animate", symbol: "animate", className: "animate", run: (now) => animated(task, now) };
    return [change("upscale", isUpscaled ? "Upscale again" : "Upscale", "upscale"), change("vary", "Vary", "vary"), animate];
  },
  open: (id, index) => (location.hash = index ? `task/${id}/${index}` : `task/${id}`),
  async reuse(task) {
    const request = await requestOf(task);
    show("create");
    composer.fill(request);
  },
  async again(task) {
    await this.reuse(task);
    toast("Here it is again. Nothing is sent before you say so.");
  },
  /** Asks for an order without an answer again, or waits on for a task. */
  askAgain: ({ order, taskId }) => (order ? send(order) : tasks.follow(tasks.put({ taskId, stopped: undefined }))),
  dismiss: (order) => {
    orders.drop(order);
    sending.get(order.key)?.accepted();
  },
  async remove(doomed) {
    const running = doomed.some(({ state }) => state === "running");
    const what = doomed.length === 1 ? "this task and its files" : `${doomed.length} tasks and their files`;
    const note = running ? " What is still running is paid for, and goes on at the vendor." : "";
    if (!(await isSure(`Delete ${what}, for good?${note}`))) return false;
    const outcomes = await Promise.allSettled(doomed.map(({ taskId }) => tasks.remove(taskId)));
    const failure = outcomes.find(({ status }) => status === "rejected");
    if (failure) toast(explain(failure.reason));
    return true;
  },
  async zip(pictures) {
    const kept = pictures.filter(({ file }) => isKept(file));
    if (kept.length === 0) return toast("The vendor's links can't be read by a page; open them one by one.");
    const { downloadPictures } = await import("./downloads.js");
    try {
      await downloadPictures(midjourney, kept, (count) => announce(`${count} of ${kept.length} pictures`));
      if (kept.length < pictures.length) toast(`${pictures.length - kept.length} are still at the vendor's, and not in it.`);
    } catch (error) {
      toast(explain(error));
    }
  },
  csv: async (listed) => (await import("./downloads.js")).downloadTable(listed),
  compare: (pictures) => compare(pictures),
  /** The picture to compare with is chosen in the library. */
  compareWith(task, file) {
    viewer.close();
    show("library");
    grid.chooseSecond({ task, file });
  },
  async share(file) {
    const url = new URL(file.url, location.href).href;
    if (navigator.share && matchMedia("(pointer: coarse)").matches) return navigator.share({ url }).catch(() => {});
    await navigator.clipboard.writeText(url);
    toast("The link is copied. Whoever has it sees the picture.");
  },
  async copyPrompt({ prompt }) {
    await navigator.clipboard.writeText(prompt);
    toast("The prompt is copied.");
  },
};

/** What is made of a picture costs so much. */
const costs = {};
/** The cards of submits without an answer, by their keys. */
const sending = new Map();

const composer = new Composer({ midjourney, session, pricing }, async (requests) => {
  const [batch] = requests.length > 1 ? [batches.begin(requests.length)] : [];
  const placed = requests.map((request) => make({ call: "generate", request }).then(batch?.accepted, refused(batch)));
  // One that was refused and cost nothing is the form's to say; of several the batch says how many.
  const failure = (await Promise.allSettled(placed)).find(({ status }) => status === "rejected");
  if (failure) throw failure.reason;
});
const feed = new Feed(tasks, actions);
const grid = new Grid(tasks, actions);
const batches = new Batches(tasks, actions, localStorage);
const viewer = new Viewer(tasks, actions, {
  moved: (id, index) => history.replaceState(history.state, "", `#task/${id}/${index}`) ?? viewer.show(id, index),
  closed: () => location.hash.startsWith("#task/") && leave(),
});

tasks.addEventListener("change", ({ detail: { task, before } }) => {
  if (!task || before?.state !== "running" || task.state === "running") return;
  announce(announcementOf(task));
  rememberTimes(midjourney);
});
account(session);
for (const idea of findAll("#ideas button")) {
  idea.addEventListener("click", () => composer.fill({ prompt: idea.textContent, taskType: "mj_txt2img" }));
}
addEventListener("hashchange", route);
const online = () => banner(navigator.onLine ? "" : "You are offline. Tasks go on without you; this page catches up when the connection is back.");
addEventListener("online", online);
addEventListener("offline", online);

await start();

/** Lets this page in, and shows what is there. */
async function start() {
  try {
    // Nobody may look at a task before the gateway knows whose page this is.
    await session.open();
    online();
  } catch (error) {
    return refusedEntry(error);
  }
  for (const order of orders.left()) send(order).catch(() => {});
  route();
  for (const call of ["upscale", "vary", "extendVideo"]) costs[call] = await pricing.estimate(call);
  await feed.start().catch((error) => banner(explain(error)));
}

/** Says what the gateway wants before it lets this page in. */
function refusedEntry(error) {
  if (error.code === 401) {
    find("#account").showPopover();
    return banner("This gateway wants an access token: sign in above.");
  }
  // A page of its own asks, as the widget needs scripts of another origin, which this page allows to nobody.
  if (error.code === 403 && session.offers.turnstileSiteKey) return location.replace("person");
  banner(explain(error));
}

/** Makes an order and sends it. */
function make(order) {
  return send(orders.create(order));
}

/** Sends an order: a card is there at once, and its task's when there is one. */
async function send(order) {
  sending.get(order.key)?.accepted();
  const card = feed.sending(order, described(order));
  sending.set(order.key, card);
  try {
    const task = await orders.send(order);
    card.accepted();
    if (task) tasks.add(task);
    return task;
  } catch (error) {
    if (error.billed === "no") card.accepted();
    else card.unclear(error);
    throw error;
  } finally {
    session.refresh();
  }
}

function refused(batch) {
  return (error) => {
    batch?.refused();
    throw error;
  };
}

/** A video of a picture: the form is filled, and says what it costs. */
function animated(task, { url }) {
  show("create");
  composer.fill({ taskType: "mj_video", prompt: task.prompt, fileUrl: new URL(url, location.href).href });
}

/** The request a task comes from; of what was made of a picture, that of where the picture comes from. */
async function requestOf(task) {
  const request = task.request ?? (await tasks.load(task.taskId).catch(() => undefined))?.request;
  return { taskType: "mj_txt2img", ...request, prompt: task.prompt };
}

function show(view) {
  if (location.hash !== `#${view}`) location.hash = view;
  route();
}

/** Shows what the address says: a view, or a picture above it. */
async function route() {
  const [view, id, index] = location.hash.slice(1).split("/");
  if (view === "task" && id) {
    const isKnown = tasks.get(id) ?? (await tasks.load(id).catch(() => undefined));
    if (isKnown) return viewer.show(id, index ? Number(index) : undefined);
    toast("There is no such task.");
    return leave();
  }
  if (find("#viewer").open) viewer.close();
  const isLibrary = view === "library";
  const was = !find("#library").hidden;
  find("#create").hidden = isLibrary;
  find("#library").hidden = !isLibrary;
  for (const link of findAll("nav a")) {
    if (link.hash === (isLibrary ? "#library" : "#create")) link.ariaCurrent = "page";
    else link.ariaCurrent = null;
  }
  if (isLibrary && !was) await grid.start();
}

/** Back to the view that lies below. */
function leave() {
  history.pushState(history.state, "", find("#library").hidden ? "#create" : "#library");
}

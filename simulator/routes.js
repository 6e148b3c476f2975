import { accountOf } from "./accounts.js";
import { responseTo } from "./responses.js";

/** What each route does with a call's vendor, account, query, body and origin. */
const ROUTES = {
  "GET /api/v1/mj/record-info": ({ vendor, query, origin }) => vendor.record(query.get("taskId") ?? "", origin),
  "GET /api/v1/common/credit": ({ vendor, account }) => vendor.credits(account),
  "GET /api/v1/simulator/bill": ({ vendor, account }) => vendor.bill(account),
  "POST /api/v1/mj/generate": ({ vendor, account, body, origin }) => vendor.generate(account, body, origin),
  "POST /api/v1/mj/upscale": ({ vendor, account, body, origin }) =>
    vendor.upscale(account, { ...body, position: body.index - 1 }, origin),
  "POST /api/v1/mj/generateUpscale": ({ vendor, account, body, origin }) =>
    vendor.upscale(account, { ...body, position: body.imageIndex }, origin),
  "POST /api/v1/mj/generateVary": ({ vendor, account, body, origin }) =>
    vendor.vary(account, { ...body, position: body.imageIndex }, origin),
  "POST /api/v1/mj/generateVideoExtend": ({ vendor, account, body, origin }) =>
    vendor.extendVideo(account, { ...body, position: body.index }, origin),
};
const UPSCALE_ROUTES = ["upscale", "generateUpscale"];
/** How long the answer to a submit waits for the receiver of a callback that comes before it; a real time. */
const LONGEST_WAIT_MS = 1000;

/**
 * The vendor's response to a request, and what the call was: its `method`, `route` and `code`, the `taskId` it was about,
 * and the `request` of a submit.
 *
 * @param nameOf names an account by its key
 */
export async function answer(vendor, request, nameOf = (key) => key) {
  const { method } = request;
  const { pathname, searchParams: query, origin } = new URL(request.url);
  const file = /^\/m\/([0-9a-f]{32})_0_([0-3])\.(png|mp4)$/.exec(pathname);
  if (file && method === "GET") {
    const [, taskId, position, extension] = file;
    const response = await vendor.file(taskId, Number(position), extension);
    return { response, call: { method, route: "file", taskId, code: response.status } };
  }

  // Before anything is looked at: a body that nobody reads costs the connection, and the call that comes next on it.
  const body = request.body === null ? undefined : await request.json().catch(() => undefined);
  const operation = Object.hasOwn(ROUTES, `${method} ${pathname}`) ? ROUTES[`${method} ${pathname}`] : undefined;
  const name = pathname.split("/").at(-1);
  const call = { method, route: operation ? name : pathname };
  const answered = (outcome) => {
    const { response, code } = responseTo(outcome);
    call.code = code;
    call.taskId = outcome.taskId ?? call.taskId;
    // What there is not isn't named, so that a test compares with what there is.
    return { response, call: Object.fromEntries(Object.entries(call).filter(([, value]) => value !== undefined)) };
  };
  const key = /^Bearer (\S+)$/.exec(request.headers.get("Authorization") ?? "")?.[1] ?? "";
  if (key === "" || key.startsWith("invalid")) return answered({ code: 401, msg: "You do not have access permissions" });
  if (!operation || (UPSCALE_ROUTES.includes(name) && !vendor.hasUpscaleRoute(name))) {
    return answered({ code: 404, msg: "Not Found", status: 404 });
  }

  const given = { vendor, account: accountOf(key, await nameOf(key)), query, origin: vendor.originFor(origin) };
  if (method === "GET") {
    call.taskId = query.get("taskId") ?? undefined;
    return answered(operation(given));
  }
  if (body === null || typeof body !== "object") return answered({ code: 400, msg: "The request body is not JSON" });
  call.request = body;
  const outcome = operation({ ...given, body });
  if (outcome.isCalledBackFirst) await orSoon(vendor.deliverCallbacks());
  return answered(outcome);
}

/** Waits for it, but not for long: a receiver may itself wait for the answer to the submit. */
async function orSoon(promise) {
  let timer;
  const soon = new Promise((resolve) => (timer = setTimeout(resolve, LONGEST_WAIT_MS)));
  await Promise.race([promise, soon]);
  clearTimeout(timer);
}

/** Whether a call asked for a task, which spends credits if it is accepted. */
export const isSubmit = ({ method, route }) => Object.hasOwn(ROUTES, `${method} /api/v1/mj/${route}`) && method === "POST";

import { isMidjourneyError, Midjourney } from "midapi";

// The key stays here, on the server. Only who may spend your credits should reach this route: ask your own sign-in first.
const mj = new Midjourney({ apiKey: process.env.MIDAPI_API_KEY, endpoint: process.env.MIDAPI_ENDPOINT });

/** Submits, and answers at once: the page asks for the task until it has ended. */
export async function POST(request) {
  const { prompt } = await request.json();
  return answered(() => mj.generate({ taskType: "mj_txt2img", prompt }));
}

export async function GET(request) {
  const taskId = new URL(request.url).searchParams.get("taskId") ?? "";
  return answered(() => mj.status(taskId));
}

async function answered(call) {
  try {
    return Response.json(await call());
  } catch (error) {
    if (!isMidjourneyError(error)) throw error;
    const { kind, message, billed } = error;
    return Response.json({ kind, message, billed }, { status: kind === "invalid_request" ? 422 : 502 });
  }
}

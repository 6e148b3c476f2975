import { parseCallback } from "midapi/webhooks";

export async function POST(request) {
  const callback = await parseCallback(await request.text());
  return Response.json({ type: callback.type, taskId: callback.taskId });
}

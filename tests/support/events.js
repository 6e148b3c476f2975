/** A stream that tells of tasks, as a client reads it. */

/** The stream for a query: `text` is all that came, `events` what it says, `json` the refusal instead; `over` waits for its end. */
export async function watch(gateway, query, headers) {
  const leaving = new AbortController();
  const response = await fetch(`${gateway.api}/events?${query}`, { headers, signal: leaving.signal });
  const watcher = { status: response.status, headers: response.headers, text: "", events: [], leave: () => leaving.abort() };
  if (response.status !== 200) return { ...watcher, json: await response.json(), over: Promise.resolve() };
  watcher.over = (async () => {
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      watcher.text += chunk;
      const blocks = watcher.text.split("\n\n").slice(0, -1).filter((block) => block.includes("data: "));
      watcher.events = blocks.map((block) => {
        const field = (name) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
        return { id: field("id") && Number(field("id")), event: field("event"), data: JSON.parse(field("data")) };
      });
    }
  })().catch(() => {});
  return watcher;
}

/** The caller's tasks one by one, newest first: a page is asked for once the one before is used up. */
export async function* tasks({ call }, given) {
  // As they are now.
  const { signal, ...filter } = { ...given };
  for (let cursor; ; ) {
    const page = await call("tasks", [filter, cursor], { signal });
    yield* page.tasks;
    cursor = page.cursor;
    if (cursor === undefined) return;
  }
}

/** The options of a download that are no data. */
export const DOWNLOAD_OPTIONS = ["signal", "fetch"];

/** The files of a task one by one, each once it is asked for: no more than one is in memory, and a loop that is left has none on its way. */
export async function* downloads({ ask, call }, task, given) {
  // As they are now.
  const options = given && { ...given };
  for (const { names, ...file } of await ask("results", [task])) yield await call("download", [file], options, DOWNLOAD_OPTIONS);
}

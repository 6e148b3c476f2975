/** Where the links lead by the directive `host`, of those that lie at this origin. */
export const HOSTS = {
  other: () => "https://elsewhere.example",
  http: ({ host }) => `http://${host}`,
  ip: () => "https://169.254.169.254",
  local: () => "https://localhost",
  user: ({ protocol, host }) => `${protocol}//user:password@${host}`,
};

/** The record of a task, as `record-info` returns it. */
export function taskRecord(task, now) {
  const { taskId, request, directives, createdAt, endsAt } = task;
  const time = (ms) => (directives.times === "iso" ? new Date(ms).toISOString() : ms);
  const record = {
    taskId,
    taskType: request.taskType,
    paramJson: JSON.stringify(request),
    completeTime: null,
    resultInfoJson: null,
    successFlag: 0,
    createTime: time(createdAt),
    errorCode: null,
    errorMessage: null,
  };
  if (now >= endsAt) Object.assign(record, { completeTime: time(endsAt), ...outcome(task) });
  return directives.record === "strings" ? inStrings(record) : record;
}

/** What the record says of a task that has ended. */
function outcome(task) {
  const { directives } = task;
  if (directives.fail) {
    const successFlag = Number(directives.fail) === 2 ? 2 : 3;
    return { successFlag, errorCode: 500, errorMessage: directives.message ?? "No response from MidJourney" };
  }
  const results = { resultUrls: resultUrls(task).map((resultUrl) => ({ resultUrl })) };
  return { successFlag: 1, resultInfoJson: directives.result === "string" ? JSON.stringify(results) : results };
}

/** The record with a string for whatever is there. */
function inStrings(record) {
  const string = (value) => (value === null || typeof value === "string" ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, string(value)]));
}

/** The links of a successful task, or what the directives `result` and `host` put in their place. */
export function resultUrls({ taskId, resultCount, isVideo, origin, directives }) {
  const extension = isVideo ? "mp4" : "png";
  const place = directives.host ? HOSTS[directives.host](new URL(origin)) : origin;
  const urls = Array.from({ length: resultCount }, (_, i) => `${place}/m/${taskId}_0_${i}.${extension}`);
  switch (directives.result) {
    case "none":
      return [];
    case "gap":
      return urls.map((url, i) => (i === 1 ? null : url));
    case "broken":
      return urls.map((_, i) => `broken link ${i + 1}`);
    default:
      return urls;
  }
}

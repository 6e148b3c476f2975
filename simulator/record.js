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
  if (now < endsAt) return record;
  record.completeTime = time(endsAt);
  if (directives.fail) {
    record.successFlag = Number(directives.fail) === 2 ? 2 : 3;
    record.errorCode = 500;
    record.errorMessage = directives.message ?? "No response from MidJourney";
    return record;
  }
  const results = { resultUrls: resultUrls(task).map((resultUrl) => ({ resultUrl })) };
  record.successFlag = 1;
  record.resultInfoJson = directives.result === "string" ? JSON.stringify(results) : results;
  return record;
}

/** The links of a successful task, or what the directive `result` puts in their place. */
export function resultUrls({ taskId, resultCount, isVideo, origin, directives }) {
  const extension = isVideo ? "mp4" : "png";
  const urls = Array.from({ length: resultCount }, (_, i) => `${origin}/m/${taskId}_0_${i}.${extension}`);
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

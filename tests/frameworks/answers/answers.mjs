/** A vendor's answers, for a mocked fetch: each task is done when it is submitted, and `Retry-After` says to look at once. */
export function answer(url, { method }) {
  const urls = [1, 2, 3, 4].map((number) => ({ resultUrl: `https://files.example/${number}.png` }));
  const record = { taskId: "a", successFlag: 1, resultInfoJson: { resultUrls: urls } };
  const data = method === "POST" ? { taskId: "a" } : record;
  return Response.json({ code: 200, msg: "success", data }, { headers: { "Retry-After": "0" } });
}

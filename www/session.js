/** The page's session with its gateway: a cookie that no script can read, and what may be spent under it today. */
const API = "/api/v1";

/** Opens the session, or renews it. Without one every call is refused, and says so; so a failure here needs no words. */
export async function openSession() {
  await shown(fetch(`${API}/session`, { method: "POST" }));
}

/** Shows anew what is left, after something was spent. */
export async function showBudget() {
  await shown(fetch(`${API}/usage`, { cache: "no-store" }));
}

async function shown(asked) {
  const budget = document.querySelector("#budget");
  try {
    const { code, data } = await (await asked).json();
    const count = (number) => number.toLocaleString("en");
    budget.textContent = code === 200 ? `${count(data.left)} of ${count(data.dailyCredits)} credits left today` : "";
  } catch {
    budget.textContent = "";
  }
}

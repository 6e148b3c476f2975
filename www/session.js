/** The page's session with its gateway: a cookie that no script can read, and what may be spent under it today. */
const API = "/api/v1";

/** Opens the session, or renews it. Without one every call is refused with a message, so a failure here needs none. */
export async function openSession() {
  await showBudgetOf(fetch(`${API}/session`, { method: "POST" }));
}

/** Shows what is left after something was spent. */
export async function showBudget() {
  await showBudgetOf(fetch(`${API}/usage`, { cache: "no-store" }));
}

async function showBudgetOf(response) {
  const budget = document.querySelector("#budget");
  try {
    const { code, data } = await (await response).json();
    const count = (number) => number.toLocaleString("en");
    budget.textContent = code === 200 ? `${count(data.left)} of ${count(data.dailyCredits)} credits left today` : "";
  } catch {
    budget.textContent = "";
  }
}

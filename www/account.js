/** Who one is to the gateway, what is left of today's cap, and how the page looks. */
import { find } from "./dom.js";
import { count, credits } from "./format.js";

const THEME = "midapi.theme";

/** Whoever signs in or out has other tasks: the page begins anew. */
export function account(session) {
  session.addEventListener("change", () => show(session.usage));
  find("#sign-in").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { token } = event.target.elements;
    find("#sign-in-error").textContent = "";
    try {
      await session.open(token.value.trim());
      location.reload();
    } catch (error) {
      find("#sign-in-error").textContent = error.code === 401 ? "The gateway doesn't know this token." : error.message;
    }
  });
  find("#sign-out").addEventListener("click", async () => {
    await session.close();
    location.reload();
  });
  const theme = find("#theme");
  theme.value = localStorage.getItem(THEME) ?? "";
  const apply = () => (document.documentElement.style.colorScheme = theme.value || "dark light");
  theme.addEventListener("change", () => {
    localStorage.setItem(THEME, theme.value);
    apply();
  });
  apply();
}

function show({ caller, dailyCredits, spent, left, resetsAt }) {
  const isToken = caller !== undefined && caller !== "session";
  find("#account-name").textContent = isToken ? caller : "This browser";
  find("#sign-in").hidden = isToken;
  find("#sign-out").hidden = !isToken;
  find("#budget").textContent = `${count(left)} of ${count(dailyCredits)} credits left today`;
  const meter = find("#budget-meter");
  meter.max = dailyCredits || 1;
  meter.value = left;
  const at = new Date(resetsAt).toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit" });
  const shared = left < dailyCredits - spent ? " Others share a cap with you, which is nearer." : "";
  find("#account-budget").textContent = `${credits(spent)} spent today, ${count(left)} left of ${count(dailyCredits)}. More at ${at}.${shared}`;
}

/** Who one is to the gateway, what is left of today's cap, and how the page looks. */
import { find } from "./dom.js";
import { explain } from "./explain.js";
import { count, credits } from "./format.js";

const THEME = "midapi.theme";
const UNKNOWN = "The gateway doesn't know this token.";

/** Whoever signs in or out has other tasks: the page begins anew, and every other tab of it. */
export function account({ session, submits }) {
  const tabs = new BroadcastChannel("midapi.session");
  tabs.addEventListener("message", () => location.reload());
  const change = async (doIt) => {
    find("#sign-in-error").textContent = "";
    if (submits.isBusy) return complain("Something is on its way. Wait for its answer first.");
    try {
      await doIt();
      tabs.postMessage("changed");
      location.reload();
    } catch (error) {
      complain(error.code === 401 ? UNKNOWN : explain(error));
    }
  };
  session.addEventListener("change", () => show(session.usage));
  find("#sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    const token = find("#token").value.trim();
    // Another can't be sent.
    if (!/^[!-~]+$/.test(token)) return complain(UNKNOWN);
    change(() => session.open(token));
  });
  find("#sign-out").addEventListener("click", () => change(() => session.close()));
  const theme = find("#theme");
  theme.value = localStorage.getItem(THEME) ?? "";
  const apply = () => (document.documentElement.style.colorScheme = theme.value || "dark light");
  theme.addEventListener("change", () => {
    localStorage.setItem(THEME, theme.value);
    apply();
  });
  apply();
}

function complain(text) {
  find("#sign-in-error").textContent = text;
}

function show({ token, dailyCredits, spent, left, resetsAt }) {
  find("#account-name").textContent = token ?? "This browser";
  find("#sign-in").hidden = token !== undefined;
  find("#sign-out").hidden = token === undefined;
  find("#budget").textContent = `${count(left)} of ${count(dailyCredits)} credits left today`;
  const meter = find("#budget-meter");
  meter.max = dailyCredits || 1;
  meter.value = left;
  const at = new Date(resetsAt).toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit" });
  const shared = left < dailyCredits - spent ? " It is less than you have left, as others spend from the same cap." : "";
  find("#account-budget").textContent = `${credits(spent)} spent today, ${count(left)} left of ${count(dailyCredits)}. Begins anew at midnight UTC, ${at} here.${shared}`;
}

/** The form. `submit` gets the request and may fail. */
import { explain } from "./explain.js";
import { singleFlight } from "./single-flight.js";

const MAX_PROMPT = 2000;

export function composer(submit) {
  const form = document.querySelector("#composer");
  const { prompt, taskType, stylization, fileUrl } = form.elements;
  const button = form.querySelector("[type=submit]");
  const error = document.querySelector("#composer-error");
  const file = form.querySelector(".file");
  let stylizationChosen = false;

  for (const input of form.querySelectorAll(".ratios input")) outline(input);

  form.addEventListener("input", refresh);
  stylization.addEventListener("input", () => {
    stylizationChosen = true;
    refresh();
  });
  form.querySelector("#stylization-reset").addEventListener("click", () => {
    leaveStylization();
    stylization.focus();
  });
  prompt.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  const imagine = singleFlight(
    button,
    () => {
      complain();
      return submit(request());
    },
    (failure) => complain(explain(failure), failure.field),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    imagine();
  });
  refresh();
  return { fill };

  function request() {
    const wanted = {
      taskType: taskType.value,
      prompt: prompt.value.trim(),
      speed: form.elements.speed.value,
      aspectRatio: form.elements.aspectRatio.value,
      version: form.elements.version.value,
    };
    if (stylizationChosen) wanted.stylization = Number(stylization.value);
    if (!file.hidden && fileUrl.value.trim()) wanted.fileUrl = fileUrl.value.trim();
    return wanted;
  }

  /** Puts a request into the form, as it was: what it leaves out is left out again. */
  function fill(wanted) {
    fileUrl.value = "";
    leaveStylization();
    for (const [name, value] of Object.entries(wanted)) form.elements[name].value = value;
    stylizationChosen = wanted.stylization !== undefined;
    refresh();
    complain();
    form.scrollIntoView({ block: "nearest" });
    prompt.focus();
  }

  function leaveStylization() {
    stylizationChosen = false;
    stylization.value = stylization.defaultValue;
    refresh();
  }

  function refresh() {
    form.querySelector("#stylization-reset").hidden = !stylizationChosen;
    file.hidden = taskType.value === "mj_txt2img";
    form.querySelector("#prompt-length").value = prompt.value ? `${[...prompt.value].length} / ${MAX_PROMPT}` : "";
    form.querySelector("#stylization-value").value = stylizationChosen ? stylization.value : "as the vendor likes";
  }

  /** Shows what is wrong, and where. */
  function complain(message = "", field) {
    error.textContent = message;
    for (const wrong of form.querySelectorAll("[aria-invalid]")) wrong.removeAttribute("aria-invalid");
    const wrong = form.elements[field === "fileUrls" ? "fileUrl" : field];
    if (wrong instanceof HTMLElement) {
      wrong.setAttribute("aria-invalid", "true");
      wrong.focus();
    }
  }
}

/** Gives a ratio's button the outline of the picture it makes. */
function outline(input) {
  const [across, down] = input.value.split(":").map(Number);
  const scale = 1.1 / Math.max(across, down);
  const { style } = input.nextElementSibling;
  style.setProperty("--across", `${across * scale}rem`);
  style.setProperty("--down", `${down * scale}rem`);
}

/** The settings of the form, and which of them the chosen kind of task has a use for. */
import { find, findAll } from "./dom.js";
import { ANY_LINK } from "./references.js";

/** Where a slider stands is sent only once somebody has moved it: until then the vendor decides. */
const SLIDERS = ["stylization", "variety", "weirdness", "ow"];
/** One of several. */
const CHOICES = ["taskType", "speed", "aspectRatio", "version", "motion", "videoBatchSize"];
const AS_THE_VENDOR_LIKES = "as the vendor likes";

export class Settings {
  #form;
  #midjourney;
  #moved = new Set();

  constructor(form, midjourney) {
    this.#form = form;
    this.#midjourney = midjourney;
    for (const input of findAll(".ratios input", form)) outline(input);
    for (const name of SLIDERS) {
      const slider = form.elements[name];
      slider.addEventListener("input", () => this.#move(name));
      find(".reset", slider.parentElement).addEventListener("click", () => {
        this.#leave(name);
        slider.focus();
        form.dispatchEvent(new Event("input"));
      });
      this.#leave(name);
    }
  }

  /** What is set, of what applies. */
  async values() {
    await this.#known;
    const { elements } = this.#form;
    const wanted = { taskType: elements.taskType.value };
    for (const name of ["speed", "aspectRatio", "version", "motion"]) {
      if (this.#applies(name)) wanted[name] = elements[name].value;
    }
    if (this.#applies("videoBatchSize")) wanted.videoBatchSize = Number(elements.videoBatchSize.value);
    for (const name of SLIDERS) {
      if (this.#moved.has(name) && this.#applies(name)) wanted[name] = Number(elements[name].value);
    }
    return wanted;
  }

  /** Puts a request's settings into the form. What it leaves out is as at first, and so is a value that the form doesn't have. */
  fill(request) {
    for (const name of SLIDERS) {
      this.#leave(name);
      if (request[name] === undefined) continue;
      this.#form.elements[name].value = request[name];
      this.#move(name);
    }
    for (const name of CHOICES) {
      const options = findAll(`[name="${name}"]:not(select), [name="${name}"] option`, this.#form);
      const first = options.find((option) => option.defaultChecked || option.defaultSelected) ?? options[0];
      const wanted = options.find(({ value }) => value === String(request[name])) ?? first;
      this.#form.elements[name].value = wanted.value;
    }
  }

  /** Shows the fields that the kind of task has a use for. Which these are the package knows. */
  showWhatApplies() {
    this.#known = this.#askWhatApplies();
    return this.#known;
  }
  /** Settles once it is known what applies. */
  #known;

  async #askWhatApplies() {
    const taskType = this.#form.elements.taskType.value;
    const every = { speed: "fast", aspectRatio: "1:1", version: "7", stylization: 100, variety: 5, weirdness: 100, ow: 100 };
    const all = { ...every, motion: "high", videoBatchSize: 1, fileUrls: [ANY_LINK] };
    const warnings = await this.#midjourney.lint({ taskType, prompt: "a", ...all });
    if (taskType !== this.#form.elements.taskType.value) return;
    const useless = new Set(warnings.map(({ field }) => field));
    for (const field of findAll("[data-field]", this.#form)) field.hidden = useless.has(field.dataset.field);
  }

  #applies(name) {
    return !find(`[data-field="${name}"]`, this.#form).hidden;
  }

  #move(name) {
    this.#moved.add(name);
    this.#show(name, this.#form.elements[name].value);
  }

  #leave(name) {
    const slider = this.#form.elements[name];
    this.#moved.delete(name);
    slider.value = slider.defaultValue;
    this.#show(name, AS_THE_VENDOR_LIKES);
  }

  #show(name, value) {
    const field = this.#form.elements[name].parentElement;
    find("output", field).value = value;
    find(".reset", field).hidden = !this.#moved.has(name);
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

/** The form: a request goes out of it, and its price is said before. */
import { element, find, findAll } from "./dom.js";
import { explain } from "./explain.js";
import { count, price, range } from "./format.js";
import { References } from "./references.js";
import { Settings } from "./settings.js";
import { singleFlight } from "./single-flight.js";

const MAX_PROMPT = 2000;
/** So long nobody types, before what was typed is looked at. */
const PAUSE_MS = 150;
const TEXT_ONLY = "mj_txt2img";

export class Composer {
  #form = find("#composer");
  #midjourney;
  #session;
  #pricing;
  #settings;
  #references;
  #checking;

  /** `submit` gets the requests, one or several, and may fail. */
  constructor({ midjourney, session, pricing }, submit) {
    this.#midjourney = midjourney;
    this.#session = session;
    this.#pricing = pricing;
    this.#settings = new Settings(this.#form, midjourney);
    this.#references = new References(midjourney, {
      changed: () => this.#referencesChanged(),
      complain: (message, field) => this.complain(message, field),
    });
    const { prompt, taskType } = this.#form.elements;
    this.#form.addEventListener("input", () => this.#changed());
    taskType.addEventListener("change", () => this.#kindChanged());
    find("#many").addEventListener("change", () => this.#manyChanged());
    prompt.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#form.requestSubmit();
    });
    const imagine = singleFlight(
      find("[type=submit]", this.#form),
      async () => {
        this.complain();
        await submit(await this.#requests());
      },
      (failure) => this.complain(explain(failure), failure.field),
    );
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      imagine();
    });
    session.addEventListener("change", () => this.#changed());
    find("#pick").hidden = true;
    session.addEventListener("change", () => (find("#pick").hidden = !session.offers.uploads), { once: true });
  }

  /** Puts a request into the form, as it was: what it leaves out is left out again. */
  fill(request) {
    const { prompt, fileUrl, fileUrls, ...settings } = request;
    this.#form.elements.prompt.value = prompt ?? "";
    find("#many").checked = false;
    this.#manyChanged();
    this.#settings.fill(settings);
    find(".references", this.#form).hidden = !this.#takesPictures;
    this.#references.set([fileUrls ?? fileUrl ?? []].flat().filter((link) => typeof link === "string"));
    this.complain();
    this.#form.scrollIntoView({ block: "nearest" });
    this.#form.elements.prompt.focus();
    this.#kindChanged();
  }

  /** Shows what is wrong, and where. */
  complain(message = "", field) {
    find("#composer-error").textContent = message;
    for (const wrong of findAll("[aria-invalid]", this.#form)) wrong.removeAttribute("aria-invalid");
    const wrong = this.#form.elements[field === "fileUrls" ? "fileUrl" : field];
    if (wrong instanceof HTMLElement) {
      wrong.setAttribute("aria-invalid", "true");
      wrong.focus();
    }
  }

  async #requests() {
    const settings = await this.#settings.values();
    const links = this.#takesPictures ? await this.#references.links() : [];
    return this.#prompts().map((prompt) => withLinks({ ...settings, prompt }, links));
  }

  /** One, or with "one prompt a line" one for each. */
  #prompts() {
    const text = this.#form.elements.prompt.value;
    if (!find("#many").checked) return [text.trim()];
    const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
    return lines.length > 0 ? lines : [""];
  }

  get #takesPictures() {
    return this.#form.elements.taskType.value !== TEXT_ONLY;
  }

  /** Whoever adds a picture wants something made of it. */
  async #referencesChanged() {
    if (this.#references.count > 0 && !this.#takesPictures) {
      this.#form.elements.taskType.value = "mj_img2img";
      await this.#kindChanged();
    }
    this.#changed();
  }

  async #kindChanged() {
    find(".references", this.#form).hidden = !this.#takesPictures;
    await this.#settings.showWhatApplies();
    this.#changed();
  }

  #manyChanged() {
    const many = find("#many").checked;
    find("#prompt-label").textContent = many ? "Prompts, one a line" : "Prompt";
    this.#form.elements.prompt.rows = many ? 8 : 2;
    this.#changed();
  }

  #changed() {
    const { value } = this.#form.elements.prompt;
    const longest = Math.max(...this.#prompts().map((prompt) => [...prompt].length));
    find("#prompt-length").value = value ? `${count(longest)} / ${count(MAX_PROMPT)}` : "";
    find("#prompt-length").classList.toggle("bad", longest > MAX_PROMPT);
    clearTimeout(this.#checking);
    this.#checking = setTimeout(() => this.#check(), PAUSE_MS);
  }

  /** Says what it will cost, how long it may take, and what is odd about it. Nothing of this is sent. */
  async #check() {
    const prompts = this.#prompts();
    const links = this.#takesPictures ? this.#references.linksSoFar() : [];
    const request = withLinks({ ...(await this.#settings.values()), prompt: prompts[0] || "a" }, links);
    const estimate = await this.#pricing.estimate(request);
    find("#cost").textContent = estimate ? `${price(estimate, prompts.length)}${this.#left(estimate.max * prompts.length)}` : "";
    const warnings = await this.#midjourney.lint(request).catch(() => []);
    for (const list of findAll(".warnings", this.#form)) {
      const field = list.dataset.for;
      const known = ["prompt", "fileUrls"];
      const here = warnings.filter((warning) => (field ? placeOf(warning) === field : !known.includes(placeOf(warning))));
      list.replaceChildren(...here.map(({ message }) => element("li", { textContent: message })));
    }
    for (const choice of findAll("[name=speed]", this.#form)) {
      const of = await this.#pricing.estimate({ ...request, speed: choice.value });
      const about = of && [price(of), `${range(of.time)}`].filter(Boolean).join(" · ");
      find("small", choice.parentElement).textContent = about ?? "";
    }
  }

  #left(most) {
    const { left } = this.#session.usage;
    return left !== undefined && left < most ? ` of ${count(left)} left` : "";
  }
}

const placeOf = ({ field }) => (field === "fileUrl" ? "fileUrls" : field);

/** Of one picture there is a `fileUrl`: videos take no list of several. */
function withLinks(request, links) {
  if (links.length === 0) return request;
  return links.length === 1 ? { ...request, fileUrl: links[0] } : { ...request, fileUrls: links };
}

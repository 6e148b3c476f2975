/** The form: a request goes out of it, and its price is said before. */
import { toast } from "./announce.js";
import { element, find, findAll } from "./dom.js";
import { explain, restated } from "./explain.js";
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
  /** How often was looked at what is in the form: only the last time counts. */
  #checks = 0;

  /** `submit` gets the requests, one or several, and may fail. */
  constructor({ midjourney, session, pricing }, submit) {
    this.#midjourney = midjourney;
    this.#session = session;
    this.#pricing = pricing;
    this.#settings = new Settings(this.#form, midjourney);
    this.#references = new References(midjourney, {
      accepts: () => this.#acceptsFiles(),
      changed: () => this.#referencesChanged(),
      complain: (message, field) => this.complain(message, field),
    });
    const { prompt, taskType } = this.#form.elements;
    this.#form.addEventListener("input", () => {
      // What was wrong may be right now.
      find("#composer-error").textContent = "";
      this.#changed();
    });
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
      (failure) => {
        // Of several prompts those are left that cost nothing: what is sent again is sent for the first time.
        if (failure.prompts) this.#form.elements.prompt.value = failure.prompts.join("\n");
        this.complain(explain(failure), failure.field);
      },
    );
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      imagine();
    });
    session.addEventListener("change", () => {
      find("#pick").hidden = !session.offers.uploads;
      this.#changed();
    });
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

  /** Puts another prompt into the form, and leaves the rest. */
  write(prompt) {
    this.#form.elements.prompt.value = prompt;
    this.#form.dispatchEvent(new Event("input"));
    this.#form.elements.prompt.focus();
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

  #acceptsFiles() {
    // Only into a form that one sees.
    if (find("#create-view").hidden || find("dialog[open]")) return false;
    if (!this.#session.offers.uploads) toast("This gateway takes no pictures, but links to them.");
    return this.#session.offers.uploads === true;
  }

  async #requests() {
    const settings = await this.#settings.values();
    const links = this.#takesPictures ? await this.#references.links() : [];
    const requests = this.#prompts().map((prompt) => withLinks({ ...settings, prompt }, links));
    // Of several none is sent before all are right.
    for (const [number, request] of requests.entries()) {
      if (requests.length > 1) await this.#midjourney.lint(request).catch((error) => Promise.reject(inLine(number + 1, error)));
    }
    return requests;
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
    find("#prompt-length").textContent = value ? `${count(longest)} / ${count(MAX_PROMPT)}` : "";
    find("#prompt-length").classList.toggle("bad", longest > MAX_PROMPT);
    clearTimeout(this.#checking);
    this.#checking = setTimeout(() => this.#check(), PAUSE_MS);
  }

  /** Says what it will cost, how long it may take, and what is odd about it. Nothing of this is sent. */
  async #check() {
    const check = ++this.#checks;
    const prompts = this.#prompts();
    const links = this.#takesPictures ? this.#references.linksSoFar() : [];
    const settings = await this.#settings.values();
    const requests = prompts.map((prompt) => withLinks({ ...settings, prompt: prompt || "a" }, links));
    const estimates = await Promise.all(requests.map((request) => this.#pricing.estimate(request)));
    if (check !== this.#checks) return;
    const total = estimates.every(Boolean) && estimates.reduce((sum, { min, max }) => ({ min: sum.min + min, max: sum.max + max }), { min: 0, max: 0 });
    find("#cost").textContent = total ? price(total) + this.#left(total.max) : "";
    // What this gateway serves it knows how to hand on, wherever it runs.
    const isOurs = links.every((link) => link.startsWith(`${location.origin}/`));
    const odd = (await Promise.all(requests.map((request) => this.#midjourney.lint(request).catch(() => [])))).flat();
    if (check !== this.#checks) return;
    const warnings = odd.filter((warning) => !(isOurs && placeOf(warning) === "fileUrls"));
    for (const list of findAll(".warnings", this.#form)) {
      const field = list.dataset.for;
      const known = ["prompt", "fileUrls"];
      const here = warnings.filter((warning) => (field ? placeOf(warning) === field : !known.includes(placeOf(warning))));
      const messages = new Set(here.map(({ message }) => message));
      const about = field === "fileUrls" ? "The link " : "";
      list.replaceChildren(...[...messages].map((message) => element("li", { textContent: about + message })));
    }
    for (const choice of findAll("[name=speed]", this.#form)) {
      const of = await this.#pricing.estimate({ ...requests[0], speed: choice.value });
      if (check !== this.#checks) return;
      find("small", choice.parentElement).textContent = of ? `${price(of)} · ${range(of.time)}` : "";
    }
  }

  #left(most) {
    const { left } = this.#session.usage;
    return left !== undefined && left < most ? ` of ${count(left)} left` : "";
  }
}

/** What is wrong with one of several prompts. */
const inLine = (number, error) => restated(error, { message: `line ${number}: ${error.message}` });

const placeOf = ({ field }) => (field === "fileUrl" ? "fileUrls" : field);

/** Of one picture there is a `fileUrl`: videos take no list of several. */
function withLinks(request, links) {
  if (links.length === 0) return request;
  return links.length === 1 ? { ...request, fileUrl: links[0] } : { ...request, fileUrls: links };
}

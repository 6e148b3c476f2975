import { Batch } from "./batch.js";
import { refusal } from "./errors.js";
import { ask, begin, instance, make } from "./host.js";
import { json } from "./json.js";
import { loaded } from "./loaded.js";
import { options as checked } from "./options.js";
import { ask as askQuestion } from "./questions.js";

/**
 * The class people use, for a runtime that loads the WebAssembly modules by these two. It decides nothing: it loads a
 * module when it is first needed, and turns values into JSON and back.
 */
export function midjourney(load, loadQuestions) {
  return class Midjourney {
    #settings;
    #prices;
    #client;
    #instance;

    constructor({ endpoint, apiKey, dangerouslyAllowBrowser = false, prices = {}, history } = {}) {
      if (apiKey !== undefined && !dangerouslyAllowBrowser && inBrowser()) {
        const instead = "run the gateway and pass its `endpoint` instead, or set dangerouslyAllowBrowser";
        throw refusal("misconfigured", "apiKey", `everyone who opens this page could read it; ${instead}`);
      }
      this.#settings = json({ endpoint: absolute(endpoint), apiKey, history });
      this.#prices = json(prices);
    }

    generate(request, options) {
      return this.#call("generate", { request }, options);
    }

    upscale(task, index, options) {
      return this.#change("upscale", task, index, options);
    }

    vary(task, index, options) {
      return this.#change("vary", task, index, options);
    }

    extendVideo(task, index, options) {
      return this.#change("extendVideo", task, index, options);
    }

    status(task, options) {
      return this.#call("status", { task }, options);
    }

    record(task, options) {
      return this.#call("record", { task }, options);
    }

    credits(options) {
      return this.#call("credits", {}, options);
    }

    wait(task, options) {
      return this.#call("wait", { task }, options);
    }

    run(request, options) {
      return this.#call("run", { request }, options);
    }

    reconcile(unknown, options) {
      return this.#call("reconcile", { submit: unknown?.submit ?? unknown?.error?.submit ?? unknown }, options);
    }

    batch(requests, options) {
      const client = {
        load: () => loaded(load),
        number: () => this.#connected(),
        call: (...args) => this.#prepared(...args)(),
      };
      return new Batch(client, requests, options);
    }

    async lint(request) {
      return this.#ask("lint", json(request));
    }

    async estimate(request) {
      return this.#ask("estimate", `{"prices":${this.#prices},"request":${json(request)}}`);
    }

    async history() {
      await loaded(load);
      return ask("history", "", this.#connected());
    }

    /** An image carries its task and its number; else they are given apart. */
    #change(operation, task, index, options) {
      const carried = typeof index === "object";
      return this.#call(operation, carried ? { task } : { task, index }, carried ? index : options);
    }

    async #call(operation, about, options) {
      const started = this.#prepared(operation, about, options);
      await loaded(load);
      return started();
    }

    /** Takes what a caller passes as it is now, and returns what begins the call once the module is loaded. */
    #prepared(operation, about, options, flight) {
      const { signal, onUpdate, values } = checked(options);
      const input = json({ ...about, options: values });
      return () => begin(this.#connected(), operation, input, signal, onUpdate, flight);
    }

    async #ask(question, input) {
      await loaded(loadQuestions);
      return askQuestion(question, input);
    }

    /** The number of the module's client: of a new one if the module was started anew since. */
    #connected() {
      if (this.#instance !== instance) {
        this.#client = make("connect", this.#settings);
        this.#instance = instance;
        unused?.register(this, this.#client);
      }
      return this.#client;
    }
  };
}

/** Some Workers have no such registry; there a client stays with the module that made it. */
const unused = globalThis.FinalizationRegistry && new FinalizationRegistry((client) => ask("forget", "", client));

function inBrowser() {
  // `importScripts` is there in a browser's workers, also in those that may not call it.
  return typeof document !== "undefined" || typeof importScripts === "function";
}

/** In a page an endpoint may be relative to it, such as "/api/v1/mj". What is no URL comes out empty, which is refused. */
function absolute(endpoint) {
  if (endpoint === undefined) return undefined;
  const base = globalThis.location?.href;
  return URL.canParse(endpoint, base) ? new URL(endpoint, base).href : "";
}

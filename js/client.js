import { Batch } from "./batch.js";
import { atOnce, inFlight, instance } from "./crash.js";
import { downloads } from "./downloads.js";
import { refusal } from "./errors.js";
import { Client } from "./midapi.js";
import { CALL_OPTIONS, optionsOf, plain } from "./plain.js";
import { tasks } from "./tasks.js";
import { submit, UPLOAD_OPTIONS } from "./uploads.js";

/**
 * Under this name a client keeps what it is connected by. No private field: those break behind a Proxy, as frameworks put
 * around what they observe. A function shows nobody the key that it knows.
 */
const CONNECTION = Symbol("connection");

/** The class people use, for a runtime that loads the module by this. It decides nothing: it is there before the module is. */
export function midjourney(load) {
  return class Midjourney {
    constructor(options) {
      const { options: data, own } = optionsOf(options ?? {}, ["fetch", "logger"], "misconfigured");
      const { apiKey, dangerouslyAllowBrowser = false } = data;
      if (apiKey !== undefined && !dangerouslyAllowBrowser && inBrowser()) {
        const must = "everyone who opens this page could read it; run the gateway and pass its `endpoint` instead, or set dangerouslyAllowBrowser";
        throw refusal("misconfigured", "apiKey", must);
      }
      Object.defineProperty(this, CONNECTION, { value: connection(load, data, own) });
    }

    generate(request, options) {
      return submit(this[CONNECTION](), "generate", request, options);
    }

    upscale(task, index, options) {
      return this[CONNECTION]().call("upscale", ...imageOf(task, index, options));
    }

    vary(task, index, options) {
      return this[CONNECTION]().call("vary", ...imageOf(task, index, options));
    }

    extendVideo(task, index, options) {
      return this[CONNECTION]().call("extendVideo", ...imageOf(task, index, options));
    }

    status(task, options) {
      return this[CONNECTION]().call("status", [task], options);
    }

    record(task, options) {
      return this[CONNECTION]().call("record", [task], options);
    }

    credits(options) {
      return this[CONNECTION]().call("credits", [], options);
    }

    wait(task, options) {
      return this[CONNECTION]().call("wait", [task], options);
    }

    run(request, options) {
      return submit(this[CONNECTION](), "run", request, options);
    }

    reconcile(unknown, options) {
      return this[CONNECTION]().call("reconcile", [unknown], options);
    }

    batch(requests, options) {
      return new Batch(this[CONNECTION]().batch, requests, options);
    }

    download(task, options) {
      return downloads(this[CONNECTION](), task, options);
    }

    tasks(options) {
      return tasks(this[CONNECTION](), options);
    }

    remove(task, options) {
      return this[CONNECTION]().call("remove", [task], options);
    }

    upload(file, options) {
      return this[CONNECTION]().call("upload", [], { ...options, file }, UPLOAD_OPTIONS);
    }

    lint(request) {
      return this[CONNECTION]().ask("lint", [request]);
    }

    estimate(request) {
      return this[CONNECTION]().ask("estimate", [request]);
    }

    history() {
      return this[CONNECTION]().ask("history", []);
    }
  };
}

/** What a client would download of a task, a result or a list of these: each file with the names that it may have. */
export const filesOf = (mj, task) => mj[CONNECTION]().ask("results", [task]);

/** The module's client of these options, once the module is loaded; a new one if the module was started anew since. */
function connection(load, options, own) {
  let client;
  let clientInstance;
  const connected = () => {
    if (clientInstance !== instance) {
      client = new Client(options, own);
      clientInstance = instance;
    }
    return client;
  };
  const connection = {
    async call(operation, args, given, ownNames = CALL_OPTIONS) {
      const values = args.map((value) => plain(value));
      const { own: flight, options } = optionsOf(given, ownNames);
      const loading = load();
      if (loading) await loading;
      return inFlight(flight, (flight) => connected()[operation](...values, options, flight));
    },
    async batch(items, options, flight, leaving, onEvent) {
      await load();
      return inFlight(flight, (flight) => connected().batch(items, options, flight, leaving, onEvent));
    },
    async ask(question, args) {
      const values = args.map((value) => plain(value));
      await load();
      return atOnce(() => connected()[question](...values));
    },
  };
  return () => connection;
}

/** An image carries its task and its number; else they are given apart. */
function imageOf(task, index, options) {
  return typeof index === "object" ? [[task, undefined], index] : [[task, index], options];
}

function inBrowser() {
  // `importScripts` is there in a browser's workers, also in those that may not call it.
  return typeof document !== "undefined" || typeof importScripts === "function";
}

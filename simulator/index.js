import { simulatedFetch } from "./fetch.js";

/** A `fetch` that plays the vendor, for tests and for work without a key. */
export const simulator = (options = {}) => simulatedFetch(options).simulator;

import type { Simulator, SimulatorOptions } from "./index.js";

/** What can be set about a simulator that is served. */
export interface ServeOptions extends SimulatorOptions {
  /** The port, or 0 for any that is free, which it is unless told. */
  port?: number | undefined;
}

/** A simulator that is served. */
export interface SimulatorServer {
  /** Where it is, such as `"http://127.0.0.1:8788"`. */
  url: string;
  /** What a client takes for its `endpoint`: the API below that. */
  endpoint: string;
  /** The simulator behind it, to see its calls and to reset it. */
  simulator: Simulator;
  /** Ends it, with its connections and the callbacks that are still to be posted. */
  close(): Promise<void>;
}

/**
 * Serves a simulator on 127.0.0.1.
 *
 * @throws {TypeError} for an option that there is not, or whose value is none, by its name
 */
export function serve(options?: ServeOptions): Promise<SimulatorServer>;

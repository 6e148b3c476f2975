/** What can be set about the simulated vendor. What is left out has its default; another name is refused. */
export interface SimulatorOptions {
  /** How many times faster than usual the vendor's time runs, above 0 and up to 10000: 1 unless told. */
  haste?: number | undefined;
  /** The seconds a task takes, before `haste`, by speed and for videos, upscales and variations. */
  durations?: Partial<Record<"relaxed" | "fast" | "turbo" | "video" | "upscale", number>> | undefined;
  /** How many tasks run at once; the others wait: 4 unless told. */
  parallelTasks?: number | undefined;
  /** The credits of a new account: 10000 unless told. */
  credits?: number | undefined;
  /** How many submits are accepted in 10 seconds of the vendor's: 20 unless told. More are answered with code 429. */
  submitsPer10Seconds?: number | undefined;
  /** How many of these submits another user of the account always takes: 0 unless told. */
  submitsByOthers?: number | undefined;
  /** Which of the two upscale routes there is: both unless told. The other answers 404. */
  upscaleRoute?: "both" | "upscale" | "generateUpscale" | undefined;
  /** The origin of links to result files, such as `"https://pictures.example"`: that of the request unless told. */
  origin?: string | undefined;
  /** What posts callbacks, as the host's `fetch` does: that one unless told. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
}

/** A call that the simulator has answered. */
export interface SimulatedCall {
  readonly method: string;
  /** The last part of a route of the vendor's, such as `"generate"`; `"file"` for a result file; else the whole path. */
  readonly route: string;
  /** The code in the vendor's answer; the HTTP status of an answer that has none. */
  readonly code: number;
  /** The task it was about. Of a submit the new task, if it was accepted, whatever the answer said. */
  readonly taskId?: string;
  /** The body of a submit, if the vendor read it. */
  readonly request?: Readonly<Record<string, unknown>>;
}

/** A `fetch` that the simulated vendor answers, from memory, and never the network. */
export interface Simulator {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** The calls it has answered since it was made or reset, oldest first: a copy. */
  readonly calls: SimulatedCall[];
  /** Those of them that asked for a task, accepted or not. */
  readonly submits: SimulatedCall[];
  /** Forgets tasks, accounts, calls and the callbacks that are still to be posted. */
  reset(): void;
}

/**
 * Makes a simulator. Each has tasks and accounts of its own.
 *
 * @throws {TypeError} for an option that there is not, or whose value is none, by its name
 */
export function simulator(options?: SimulatorOptions): Simulator;

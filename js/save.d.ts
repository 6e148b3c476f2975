import type { Downloadable, DownloadOptions } from "./index.js";

/** Options of `saveResults`. */
export interface SaveOptions extends DownloadOptions {
  /** Called once for each file, as soon as it is there. What it throws is dropped. */
  onProgress?: ((progress: SaveProgress) => void) | undefined;
}

/** A file that is there, and how many are. */
export interface SaveProgress {
  /** Its name, such as `"0123abcd-1.png"`. */
  name: string;
  /** The folder as it was given, and the name. */
  path: string;
  /** How long it is. */
  bytes: number;
  /** How many files are there by now, this one included. */
  done: number;
  /** How many there are to be. */
  total: number;
}

/**
 * Saves the images and videos of a task in a folder, which is made if need be, and returns their paths, images first. For Node,
 * Deno (`--allow-read` and `--allow-write` of the folder) and Bun; it needs no key.
 *
 * A file has its name once it is whole: a process that dies leaves at most one that ends in `.part`, which the next call
 * removes. A file that is there with anything in it isn't fetched again.
 *
 * @param folder its path, or a `file:` URL
 * @throws {MidjourneyError} like `download`; what was saved before stays. An error of the file system is the host's own.
 */
export function saveResults(task: Downloadable, folder: string | URL, options?: SaveOptions | null): Promise<string[]>;

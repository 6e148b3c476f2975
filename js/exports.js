/** What every entry exports beside the class and its loading. The words are written at a build, from those of the core. */
export { isMidjourneyError, MidjourneyError } from "./errors.js";
export { aspectRatios, speeds, taskTypes, versions } from "./words.js";

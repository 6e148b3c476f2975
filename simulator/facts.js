/**
 * What can be set about the vendor: as options of `simulator()`, and under the same names in capitals as variables of a
 * Worker, such as `submitsPer10Seconds` and `SUBMITS_PER_10_SECONDS`.
 */
const DURATIONS = { relaxed: 8, fast: 4, turbo: 2, video: 6, upscale: 3 };
const MOST = 1_000_000_000;

const whole = (least) => ({
  must: `a whole number from ${least} to ${MOST}`,
  holds: (value) => Number.isInteger(value) && value >= least && value <= MOST,
  of: Number,
});

const FACTS = {
  haste: {
    byDefault: 1,
    must: "a number above 0, and 10000 at the most",
    holds: (value) => typeof value === "number" && value > 0 && value <= 10_000,
    of: Number,
  },
  durations: {
    byDefault: DURATIONS,
    must: `an object with seconds from 0 to ${MOST} for some of ${named(DURATIONS)}`,
    holds: (value) => typeof value === "object" && value !== null && Object.entries(value).every(isDuration),
    of: JSON.parse,
  },
  parallelTasks: { byDefault: 4, ...whole(1) },
  credits: { byDefault: 10_000, ...whole(0) },
  submitsPer10Seconds: { byDefault: 20, ...whole(0) },
  submitsByOthers: { byDefault: 0, ...whole(0) },
  upscaleRoute: {
    byDefault: "both",
    must: '"both", "upscale" or "generateUpscale"',
    holds: (value) => ["both", "upscale", "generateUpscale"].includes(value),
    of: String,
  },
  origin: {
    byDefault: undefined,
    must: 'an origin such as "https://pictures.example"',
    holds: isOrigin,
    of: String,
  },
};

/** The facts that these options set, and the defaults of the others. What isn't right is refused by its name. */
export function factsOfOptions(options) {
  const facts = {};
  for (const [name, { byDefault, must, holds }] of Object.entries(FACTS)) {
    const value = options[name] ?? byDefault;
    if (value !== byDefault && !holds(value)) throw new TypeError(`simulator: \`${name}\` must be ${must}`);
    facts[name] = value;
  }
  return { ...facts, durations: { ...DURATIONS, ...facts.durations } };
}

/** The facts that a Worker's variables set. Other names are other people's. */
export function factsOfVariables(variables) {
  const options = {};
  for (const [name, { must, of }] of Object.entries(FACTS)) {
    const variable = variableOf(name);
    const value = variables[variable];
    if (value === undefined || value === "") continue;
    try {
      options[name] = typeof value === "string" ? of(value) : value;
      factsOfOptions({ [name]: options[name] });
    } catch (cause) {
      throw new TypeError(`simulator: ${variable} must be ${must}`, { cause });
    }
  }
  return factsOfOptions(options);
}

/** Refuses options that nobody reads. `more` are the names that are known besides the facts. */
export function refuseUnknown(options, more) {
  const known = [...Object.keys(FACTS), ...more];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const choices = named(Object.fromEntries(known.map((name) => [name, true])));
  throw new TypeError(`simulator: there is no option \`${unknown}\`; there are ${choices}`);
}

const variableOf = (name) => name.replace(/[A-Z]|\d+/g, (part) => `_${part}`).toUpperCase();

function named(object) {
  return Object.keys(object)
    .map((name) => `\`${name}\``)
    .join(", ");
}

function isDuration([name, seconds]) {
  return Object.hasOwn(DURATIONS, name) && typeof seconds === "number" && seconds >= 0 && seconds <= MOST;
}

function isOrigin(value) {
  try {
    const { protocol, origin } = new URL(value);
    return /^https?:$/.test(protocol) && origin === value;
  } catch {
    return false;
  }
}

export function hash(text) {
  let value = 2166136261;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0), 16777619);
  return value >>> 0;
}

/** A generator of random numbers from 0 to 1. The same seed gives the same numbers. */
export function seeded(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

/** A random number from 0 to 1 for a point of a grid. The same point and seed give the same number. */
export function noise(x, y, seed) {
  let value = Math.imul(x, 374761393) + Math.imul(y, 668265263) + Math.imul(seed, 2147483647);
  value = Math.imul(value ^ (value >>> 13), 1274126177);
  return ((value ^ (value >>> 16)) >>> 0) / 4294967296;
}

/** Smooth noise along a line, in four octaves, from 0 to 1. */
export function fractal(x, seed) {
  let sum = 0;
  let share = 0.5;
  for (let octave = 0; octave < 4; octave++) {
    const cell = Math.floor(x);
    const part = x - cell;
    const smooth = part * part * (3 - 2 * part);
    sum += share * (noise(cell, octave, seed) * (1 - smooth) + noise(cell + 1, octave, seed) * smooth);
    x *= 2.1;
    share /= 2;
  }
  return sum;
}

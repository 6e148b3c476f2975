/** A hex colour as its red, green and blue values. */
export function color(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** A colour between `a` and `b`. A `share` of 0 is `a`, a `share` of 1 is `b`. */
export function blend(a, b, share) {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
}

/** The colour at a position of a gradient, from 0 to 1. */
export function mix(colors, position) {
  const at = Math.max(0, Math.min(0.999, position)) * (colors.length - 1);
  return blend(colors[Math.floor(at)], colors[Math.floor(at) + 1], at % 1);
}

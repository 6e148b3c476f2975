import { fractal, noise } from "./noise.js";

/** The landscapes, and the words of a prompt that choose them. */
export const SCENES = [
  { words: /mountain|castle|landscape|valley|peak|hill/i, ridges: mountains },
  { words: /city|cyber|skyline|street|tokyo|tower|building/i, ridges: skyline },
  { words: /desert|dune|ocean|sea|wave|field|garden/i, ridges: dunes },
];

function mountains(random) {
  return layers(5, random, (seed, base) => (x) => {
    const rough = fractal(x * 3 + seed, seed) * 0.34 + Math.abs(fractal(x * 7 + seed, seed + 3) - 0.5) * 0.2;
    return { y: base - rough };
  });
}

function dunes(random) {
  return layers(6, random, (seed, base) => (x) => ({
    y: base - 0.07 * Math.sin(x * 5 + seed) - 0.06 * fractal(x * 2 + seed, seed),
  }));
}

function skyline(random) {
  return layers(4, random, (seed, base) => (x) => {
    const house = Math.floor(x * 26 + seed);
    const windows = (wx, wy) =>
      noise(Math.floor(wx * 130), Math.floor(wy * 110), seed) > 0.72 && Math.floor(wx * 390) % 3 && Math.floor(wy * 330) % 3;
    return { y: base - 0.42 * noise(house, 3, seed) ** 1.5 - 0.03, lit: windows };
  });
}

function layers(count, random, layer) {
  return Array.from({ length: count }, (_, i) => layer(Math.floor(random() * 1000), 0.62 + (0.42 * i) / count));
}

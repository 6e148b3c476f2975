/**
 * Draws a landscape out of a prompt: its words choose palette and scene, its letters the rest. The same prompt, variant
 * and frame are always the same picture, at any size.
 *
 * @returns {Uint8Array} RGB pixels, row by row
 */
export function paint(prompt, variant, width, height, sway) {
  const random = seeded(hash(`${prompt}#${variant}`));
  const mood = chosen(MOODS, prompt, random);
  const scene = chosen(SCENES, prompt, random);
  const light = { x: 0.2 + 0.6 * random() + 0.04 * sway, y: 0.22 + 0.25 * random(), radius: 0.05 + 0.06 * random() };
  const ridges = scene.ridges(random);
  const stars = mood.stars ? 0.9975 : 1.1;
  const rgb = new Uint8Array(width * height * 3);
  const across = width / Math.max(width, height);
  const down = height / Math.max(width, height);

  for (let px = 0; px < width; px++) {
    const x = px / width;
    const tops = ridges.map((ridge) => ridge(x * across + sway * 0.01));
    for (let py = 0; py < height; py++) {
      const y = py / height;
      let color = mix(mood.sky, y * 1.25);
      const distance = Math.hypot((x - light.x) * across, (y - light.y) * down);
      const glow = Math.exp(-distance * 5) * 0.55 + (distance < light.radius ? 1 : 0);
      color = blend(color, mood.light, Math.min(1, glow));
      if (y < 0.6 && noise(Math.floor(x * across * 420), Math.floor(y * down * 420), 7) > stars) color = mood.light;
      for (let layer = 0; layer < tops.length; layer++) {
        if (y <= tops[layer].y) continue;
        const depth = (layer + 1) / tops.length;
        const haze = Math.max(0, 1 - (y - tops[layer].y) * 5) * (1 - depth) * 0.6;
        color = blend(blend(mood.sky[mood.sky.length - 1], mood.ground, 0.25 + 0.75 * depth), mood.light, haze * 0.4);
        if (tops[layer].lit?.(x * across, y * down)) color = blend(color, mood.light, 0.75);
      }
      const vignette = 1 - 0.45 * Math.hypot(x - 0.5, y - 0.5) ** 2;
      const grain = (noise(px, py, variant) - 0.5) * 6;
      const at = (py * width + px) * 3;
      for (let channel = 0; channel < 3; channel++) {
        rgb[at + channel] = Math.max(0, Math.min(255, color[channel] * vignette + grain));
      }
    }
  }
  return rgb;
}

const MOODS = [
  { words: /neon|cyber|futur|synth|tokyo/i, sky: ["#0d0221", "#3a0f6b", "#c2187f", "#ff8fb1"], ground: "#0b0620", light: "#8ef6ff", stars: true },
  { words: /sunset|golden|autumn|warm|fire|desert/i, sky: ["#2b2350", "#b5486b", "#f4995a", "#ffd9a0"], ground: "#2a1a33", light: "#fff1c9" },
  { words: /night|moon|star|space|galaxy|dark/i, sky: ["#050a1e", "#10214b", "#294a7c", "#5d7fa6"], ground: "#04060f", light: "#f2f6ff", stars: true },
  { words: /forest|garden|green|jungle|zen/i, sky: ["#24505a", "#5d9a86", "#bcd8a4", "#eef3cf"], ground: "#10281f", light: "#fffbe0" },
  { words: /ocean|sea|water|winter|snow|ice|mist/i, sky: ["#274b73", "#6f9fc4", "#bcd6e6", "#f2f7f8"], ground: "#183248", light: "#ffffff" },
  { words: /blossom|spring|portrait|watercolor|anime/i, sky: ["#6a6fb0", "#c39bc9", "#f3c5c5", "#fdebd6"], ground: "#43305c", light: "#fff6ee" },
].map(({ sky, ground, light, ...mood }) => ({ ...mood, sky: sky.map(color), ground: color(ground), light: color(light) }));

const SCENES = [
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

/** The entry whose words the prompt uses, else one by chance. */
function chosen(entries, prompt, random) {
  const pick = entries[Math.floor(random() * entries.length)];
  return entries.find(({ words }) => words.test(prompt)) ?? pick;
}

function color(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function blend(a, b, share) {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
}

function mix(colors, position) {
  const at = Math.max(0, Math.min(0.999, position)) * (colors.length - 1);
  return blend(colors[Math.floor(at)], colors[Math.floor(at) + 1], at % 1);
}

function hash(text) {
  let value = 2166136261;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0), 16777619);
  return value >>> 0;
}

function seeded(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

/** A number from 0 to 1 for a point of a grid. */
function noise(x, y, seed) {
  let value = Math.imul(x, 374761393) + Math.imul(y, 668265263) + Math.imul(seed, 2147483647);
  value = Math.imul(value ^ (value >>> 13), 1274126177);
  return ((value ^ (value >>> 16)) >>> 0) / 4294967296;
}

/** Smooth noise along a line, in four octaves, from 0 to 1. */
function fractal(x, seed) {
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

import { blend, mix } from "./color.js";
import { MOODS } from "./moods.js";
import { hash, noise, seeded } from "./noise.js";
import { SCENES } from "./scenes.js";

/**
 * Draws a landscape from a prompt. Its words choose colours and scene, and its letters choose the rest. The same prompt
 * and variant always give the same picture, at any size.
 *
 * @returns {Uint8Array} RGB pixels, row by row
 */
export function paint(prompt, variant, width, height) {
  const random = seeded(hash(`${prompt}#${variant}`));
  const mood = chosen(MOODS, prompt, random);
  const scene = chosen(SCENES, prompt, random);
  const light = { x: 0.2 + 0.6 * random(), y: 0.22 + 0.25 * random(), radius: 0.05 + 0.06 * random() };
  const ridges = scene.ridges(random);
  const stars = mood.stars ? 0.9975 : 1.1;
  const rgb = new Uint8Array(width * height * 3);
  const across = width / Math.max(width, height);
  const down = height / Math.max(width, height);

  for (let px = 0; px < width; px++) {
    const x = px / width;
    const tops = ridges.map((ridge) => ridge(x * across));
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

/** The entry whose words the prompt uses, or else a random one. */
function chosen(entries, prompt, random) {
  const pick = entries[Math.floor(random() * entries.length)];
  return entries.find(({ words }) => words.test(prompt)) ?? pick;
}

import { color } from "./color.js";

/** The colours of a picture, and the words of a prompt that choose them. */
export const MOODS = [
  { words: /neon|cyber|futur|synth|tokyo/i, sky: ["#0d0221", "#3a0f6b", "#c2187f", "#ff8fb1"], ground: "#0b0620", light: "#8ef6ff", stars: true },
  { words: /sunset|golden|autumn|warm|fire|desert/i, sky: ["#2b2350", "#b5486b", "#f4995a", "#ffd9a0"], ground: "#2a1a33", light: "#fff1c9" },
  { words: /night|moon|star|space|galaxy|dark/i, sky: ["#050a1e", "#10214b", "#294a7c", "#5d7fa6"], ground: "#04060f", light: "#f2f6ff", stars: true },
  { words: /forest|garden|green|jungle|zen/i, sky: ["#24505a", "#5d9a86", "#bcd8a4", "#eef3cf"], ground: "#10281f", light: "#fffbe0" },
  { words: /ocean|sea|water|winter|snow|ice|mist/i, sky: ["#274b73", "#6f9fc4", "#bcd6e6", "#f2f7f8"], ground: "#183248", light: "#ffffff" },
  { words: /blossom|spring|portrait|watercolor|anime/i, sky: ["#6a6fb0", "#c39bc9", "#f3c5c5", "#fdebd6"], ground: "#43305c", light: "#fff6ee" },
].map(({ sky, ground, light, ...mood }) => ({ ...mood, sky: sky.map(color), ground: color(ground), light: color(light) }));

/** The calls that the tests of the simulator have in common. */
import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";

export const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse", aspectRatio: "16:9" };

/** Submits a task and returns its id. */
export const submitted = async (vendor, request = IMAGE) => (await vendor.post("mj/generate", request)).json.data.taskId;

export const look = (vendor, taskId) => vendor.get(`mj/record-info?taskId=${taskId}`);
export const record = async (vendor, taskId) => (await look(vendor, taskId)).json.data;
export const credits = async (vendor) => (await vendor.get("common/credit")).json.data;
export const file = async (url) => Buffer.from(await (await fetch(url)).arrayBuffer());

/** Width, height and pixels of a PNG with one IDAT chunk and RGB pixels, as the simulator's are. */
export function decoded(png) {
  assert.equal(png.subarray(0, 8).toString("latin1"), "\x89PNG\r\n\x1a\n");
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const pixels = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
  assert.equal(pixels.length, (width * 3 + 1) * height);
  return { width, height, pixels };
}

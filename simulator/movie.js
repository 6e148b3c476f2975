/**
 * Encodes RGB frames as a small real MP4: H.264 whose every block is stored uncompressed (I_PCM), so that the encoder
 * stays this short and every decoder takes it. Width and height are multiples of 16.
 */
export function movie(frames, width, height) {
  const parameters = { sequence: sequenceParameters(width, height), picture: pictureParameters() };
  const samples = frames.map((rgb, number) => withLength(nal(0x65, slice(rgb, width, height, number))));
  return file(samples, parameters, width, height);
}

const FRAMES_PER_SECOND = 12;

class Bits {
  bytes = [];
  #current = 0;
  #count = 0;

  put(value, count) {
    for (let bit = count - 1; bit >= 0; bit--) {
      this.#current = (this.#current << 1) | ((value >> bit) & 1);
      if (++this.#count === 8) {
        this.bytes.push(this.#current);
        this.#current = this.#count = 0;
      }
    }
  }

  /** An Exp-Golomb number, H.264's own. */
  golomb(value) {
    const length = Math.floor(Math.log2(value + 1));
    this.put(0, length);
    this.put(value + 1, length + 1);
  }

  align(bit) {
    while (this.#count) this.put(bit, 1);
  }

  stop() {
    this.put(1, 1);
    this.align(0);
    return this.bytes;
  }
}

function sequenceParameters(width, height) {
  const bits = new Bits();
  bits.put(66, 8); // Baseline profile
  bits.put(0xc0, 8); // constraint sets 0 and 1
  bits.put(31, 8); // level 3.1
  for (const value of [0, 0, 2, 0]) bits.golomb(value); // id, 4-bit frame numbers, pictures in output order, no references
  bits.put(0, 1);
  bits.golomb(width / 16 - 1);
  bits.golomb(height / 16 - 1);
  bits.put(0b1100, 4); // whole frames, 8×8 inference, no cropping, no VUI
  return nal(0x67, bits.stop());
}

function pictureParameters() {
  const bits = new Bits();
  bits.golomb(0);
  bits.golomb(0);
  bits.put(0, 2); // CAVLC, no bottom-field order
  for (const value of [0, 0, 0]) bits.golomb(value); // one slice group, one reference each
  bits.put(0, 3); // no weighted prediction
  for (const value of [0, 0, 0]) bits.golomb(value); // quantisers
  bits.put(0b100, 3); // deblocking can be switched off
  return nal(0x68, bits.stop());
}

function slice(rgb, width, height, number) {
  const bits = new Bits();
  for (const value of [0, 7, 0]) bits.golomb(value); // first block, all I, parameters 0
  bits.put(0, 4); // frame number of an IDR picture
  bits.golomb(number % 2); // neighbouring IDR pictures differ in their id
  bits.put(0, 2); // no long-term reference
  bits.golomb(0);
  bits.golomb(1); // no deblocking
  for (let top = 0; top < height; top += 16) {
    for (let left = 0; left < width; left += 16) {
      bits.golomb(25); // I_PCM
      bits.align(0);
      block(bits.bytes, rgb, width, left, top);
    }
  }
  return bits.stop();
}

/** One 16×16 block in YCbCr 4:2:0, BT.601. */
function block(bytes, rgb, width, left, top) {
  const plane = (step, weights, offset) => {
    for (let y = 0; y < 16; y += step) {
      for (let x = 0; x < 16; x += step) {
        const at = ((top + y) * width + left + x) * 3;
        const value = weights[0] * rgb[at] + weights[1] * rgb[at + 1] + weights[2] * rgb[at + 2];
        bytes.push(Math.round(value + offset));
      }
    }
  };
  plane(1, [0.257, 0.504, 0.098], 16);
  plane(2, [-0.148, -0.291, 0.439], 128);
  plane(2, [0.439, -0.368, -0.071], 128);
}

/** A unit with its header; a 3 goes between two zeros and a byte that would look like a start code. */
function nal(header, payload) {
  const bytes = [header];
  let zeros = 0;
  for (const byte of payload) {
    if (zeros >= 2 && byte <= 3) {
      bytes.push(3);
      zeros = 0;
    }
    bytes.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return bytes;
}

const withLength = (bytes) => [...number(bytes.length, 4), ...bytes];

function file(samples, { sequence, picture }, width, height) {
  const sizes = samples.map((sample) => sample.length);
  const duration = samples.length;
  const matrix = [1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30].flatMap((value) => number(value, 4));
  const avcC = box("avcC", [1, ...sequence.slice(1, 4), 0xff, 0xe1, ...number(sequence.length, 2), ...sequence, 1, ...number(picture.length, 2), ...picture]);
  const avc1 = box("avc1", [
    ...number(0, 6), 0, 1, ...number(0, 16), ...number(width, 2), ...number(height, 2),
    ...number(0x480000, 4), ...number(0x480000, 4), ...number(0, 4), 0, 1, ...number(0, 32), 0, 24, 0xff, 0xff, ...avcC,
  ]);
  const ftyp = box("ftyp", [...text("isom"), ...number(512, 4), ...text("isomavc1mp41")]);
  const moov = (offset) => {
    const table = box("stbl", [
      ...full("stsd", [...number(1, 4), ...avc1]),
      ...full("stts", [...number(1, 4), ...number(samples.length, 4), ...number(1, 4)]),
      ...full("stsc", [...number(1, 4), ...number(1, 4), ...number(samples.length, 4), ...number(1, 4)]),
      ...full("stsz", [...number(0, 4), ...number(sizes.length, 4), ...sizes.flatMap((size) => number(size, 4))]),
      ...full("stco", [...number(1, 4), ...number(offset, 4)]),
    ]);
    const media = box("mdia", [
      ...full("mdhd", [...number(0, 8), ...number(FRAMES_PER_SECOND, 4), ...number(duration, 4), 0x55, 0xc4, 0, 0]),
      ...full("hdlr", [...number(0, 4), ...text("vide"), ...number(0, 12), 0]),
      ...box("minf", [
        ...full("vmhd", number(0, 8), 1),
        ...box("dinf", full("dref", [...number(1, 4), ...full("url ", [], 1)])),
        ...table,
      ]),
    ]);
    const track = full("tkhd", [...number(0, 8), ...number(1, 4), ...number(0, 4), ...number(duration, 4), ...number(0, 16), ...matrix, ...number(width << 16, 4), ...number(height << 16, 4)], 3);
    const head = full("mvhd", [...number(0, 8), ...number(FRAMES_PER_SECOND, 4), ...number(duration, 4), ...number(1 << 16, 4), 1, 0, ...number(0, 10), ...matrix, ...number(0, 24), ...number(2, 4)]);
    return box("moov", [...head, ...box("trak", [...track, ...media])]);
  };
  const dataAt = ftyp.length + moov(0).length + 8;
  return new Blob([
    Uint8Array.from([...ftyp, ...moov(dataAt)]),
    Uint8Array.from([...number(8 + sizes.reduce((sum, size) => sum + size, 0), 4), ...text("mdat")]),
    ...samples.map((sample) => Uint8Array.from(sample)),
  ]);
}

const box = (type, content) => [...number(content.length + 8, 4), ...text(type), ...content];

const full = (type, content, flags = 0) => box(type, [...number(flags, 4), ...content]);

const text = (characters) => Array.from(characters, (char) => char.charCodeAt(0));

/** A big-endian number; the bytes above the lowest four are zero. */
function number(value, length) {
  return Array.from({ length }, (_, i) => (length - 1 - i > 3 ? 0 : (value >>> (8 * (length - 1 - i))) & 255));
}

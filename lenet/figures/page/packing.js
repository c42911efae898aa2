"use strict";
/*
 * Arrays of numbers, as packing.py has put them into the page: the bytes of each number apart (all
 * first bytes, then all second ones, ...), deflated, in base64.
 */

/**
 * @typedef {object} Packed
 * @property {"f2" | "f4" | "u1"} type - float16, float32, or bytes
 * @property {string} data
 */

const READERS = {
  f4: (bytes) => new Float32Array(bytes.buffer),
  f2: (bytes) => Float32Array.from(new Uint16Array(bytes.buffer), half),
  u1: (bytes) => bytes,
};

/**
 * Return the numbers of an array, row by row.
 * @param {Packed} packed
 * @returns {Promise<Float32Array | Uint8Array>}
 */
async function unpack({ type, data }) {
  const deflated = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return READERS[type](together(bytes, Number(type[1])));
}

/** Put the bytes of each number, of which there are so many, together again. */
function together(bytes, width) {
  const count = bytes.length / width;
  const numbers = new Uint8Array(bytes.length);
  for (let place = 0; place < width; place++) {
    for (let n = 0; n < count; n++) numbers[n * width + place] = bytes[place * count + n];
  }
  return numbers;
}

/** Return the number that the 16 bits of a float16 stand for. */
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

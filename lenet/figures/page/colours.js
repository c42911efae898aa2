"use strict";
/*
 * One scale for signed numbers: blue is negative, grey 0, yellow positive. It is cividis (Nuñez et
 * al. 2018), which gets lighter all the way: colour-blind people and black printers keep the sign.
 */

const CIVIDIS = [
  "00224e", "1a386f", "434e6c", "61656f", "7d7c78", "9b9476", "bcae6c", "dec958", "fee838",
];
const SHADES = 255;
const SIGNED = Array.from({ length: SHADES }, (_, n) => {
  const at = (n / (SHADES - 1)) * (CIVIDIS.length - 1);
  const from = Math.min(Math.floor(at), CIVIDIS.length - 2);
  return [0, 2, 4].map((place) => {
    const [a, b] = [from, from + 1].map((k) => parseInt(CIVIDIS[k].slice(place, place + 2), 16));
    return Math.round(a + (at - from) * (b - a));
  });
});

/** Return the colour [red, green, blue] of a number on a scale from -most to most. */
function signed(value, most) {
  const share = Math.min(Math.max(value / most, -1), 1) || 0;
  return SIGNED[Math.round(((share + 1) / 2) * (SHADES - 1))];
}

/** Return the same for CSS: the colour, and one that can be read on it. */
function signedStyle(value, most) {
  const [red, green, blue] = signed(value, most);
  const light = 0.3 * red + 0.59 * green + 0.11 * blue > 118;
  return { background: `rgb(${red} ${green} ${blue})`, color: light ? "#000" : "#fff" };
}

/** Return the shade of a pixel of the input, from 0 to 1. */
function inGrey(value) {
  const shade = Math.round(255 * value);
  return [shade, shade, shade];
}

/** Return the largest magnitude of some values, which a scale ends at. */
function mostOf(values) {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most || 1;
}

/** Paint maps (C, H, W) side by side, so many in a row, onto a canvas: a pixel for each value. */
function paintMosaic(canvas, values, mosaic, colour) {
  const { count, height, width } = mosaic;
  const size = sizeOf(mosaic);
  if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
  const context = canvas.getContext("2d");
  const image = context.createImageData(size.width, size.height);
  for (let k = 0; k < count; k++) {
    const { top, left } = cornerOf(k, mosaic);
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        const at = 4 * ((top + i) * size.width + left + j);
        const [red, green, blue] = colour(values[(k * height + i) * width + j]);
        image.data[at] = red;
        image.data[at + 1] = green;
        image.data[at + 2] = blue;
        image.data[at + 3] = 255;
      }
    }
  }
  context.putImageData(image, 0, 0);
}

/**
 * How maps stand side by side, with a gap between them.
 * @typedef {{count: number, height: number, width: number, abreast: number, gap: number}} Mosaic
 */

/** Return the size of a mosaic in pixels. */
function sizeOf({ count, height, width, abreast, gap }) {
  const rows = Math.ceil(count / abreast);
  return {
    width: abreast * (width + gap) - gap,
    height: rows * (height + gap) - gap,
  };
}

/** Return where a map begins. */
function cornerOf(k, { height, width, abreast, gap }) {
  return { top: Math.floor(k / abreast) * (height + gap), left: (k % abreast) * (width + gap) };
}

/** Return the map, row and column at a point of a mosaic; null in a gap. */
function placeAt(x, y, { count, height, width, abreast, gap }) {
  const [row, column] = [Math.floor(y / (height + gap)), Math.floor(x / (width + gap))];
  const k = row * abreast + column;
  const [i, j] = [Math.floor(y) - row * (height + gap), Math.floor(x) - column * (width + gap)];
  return k < count && column < abreast && i < height && j < width ? { k, i, j } : null;
}

"use strict";
/*
 * From the pad to the image that the network sees, as lenet/data/pictures does it for a drawing on
 * even paper: MNIST's frame for digits and letters, the whole picture for all else.
 */

const IMAGE_SIDE = 28;
const BOX_SIDE = 20; // the larger side of a character
const FINE = 8; // strokes are measured and mended in pixels so many times as small
const STROKE = { thinnest: 1.8, broadest: 4 }; // pixels
const INK = 0.12; // less ink is not looked at to find the box
const CONTRAST = { none: 0.1, full: 0.9 };

/**
 * Return a character as MNIST has its own: its larger side 20 pixels, its centre of mass in the
 * middle.
 * @param {Grey} ink - from 0 to 1
 * @returns {{grey: Uint8Array, box: object, mass: object, placed: object} | null} 28 x 28 bytes;
 *   the box of the character on the pad; in the image its centre of mass and where its box lies.
 *   null if there is no ink.
 */
function character(ink) {
  const box = boxOf(ink, INK);
  if (!box) return null;
  let drawn = cut(ink, box);
  const smaller = BOX_SIDE - Math.max(drawn.height, drawn.width);
  if (smaller < 0 || smaller > 2) drawn = scaled(drawn);
  return { ...centred(drawn), box };
}

/** Return a whole picture in an image of h x w, in grey on black. */
function wholePicture(ink, [h, w]) {
  const share = Math.min(h / ink.height, w / ink.width);
  const size = [ink.height, ink.width].map((length) => Math.max(1, Math.round(length * share)));
  const small = resized(ink, ...size, "bilinear");
  const grey = new Uint8Array(h * w);
  paste(small, grey, w, (h - size[0]) >> 1, (w - size[1]) >> 1);
  return { grey, box: null };
}

/** Return the smallest rectangle that holds all ink above a threshold; null if there is none. */
function boxOf({ values, height, width }, least) {
  let [top, left, bottom, right] = [height, width, -1, -1];
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      if (values[i * width + j] <= least) continue;
      [top, bottom] = [Math.min(top, i), Math.max(bottom, i)];
      [left, right] = [Math.min(left, j), Math.max(right, j)];
    }
  }
  return bottom < 0 ? null : { top, left, height: bottom - top + 1, width: right - left + 1 };
}

/** Return a part of an image. */
function cut(image, { top, left, height, width }) {
  const values = new Float32Array(height * width);
  for (let i = 0; i < height; i++) {
    const start = (top + i) * image.width + left;
    values.set(image.values.subarray(start, start + width), i * width);
  }
  return { values, height, width };
}

/** Return a character with its larger side 20 pixels, and strokes as broad as MNIST's. */
function scaled(ink) {
  const fine = resized(ink, ...fitting(ink, BOX_SIDE * FINE), "bicubic");
  const most = fine.values.reduce((a, b) => Math.max(a, b));
  const { none, full } = CONTRAST;
  const clip = (x) => Math.min(Math.max((x / most - none) / (full - none), 0), 1);
  const sharp = padded({ ...fine, values: fine.values.map(clip) }, 2 * FINE);
  const mended = withStrokes(sharp);
  const strokes = cut(mended, boxOf(mended, 0));
  return resized(strokes, ...fitting(strokes, BOX_SIDE), "box");
}

/** Return height and width of an image whose larger side is to be of so many pixels. */
function fitting({ height, width }, side) {
  const length = Math.max(height, width);
  return [height, width].map((each) => Math.max(1, halfToEven((each * side) / length)));
}

/** Return an image with a margin of so many pixels. */
function padded({ values, height, width }, margin) {
  const wide = width + 2 * margin;
  const found = new Float32Array((height + 2 * margin) * wide);
  for (let i = 0; i < height; i++) {
    found.set(values.subarray(i * width, (i + 1) * width), (i + margin) * wide + margin);
  }
  return { values: found, height: height + 2 * margin, width: wide };
}

/** Place a character so that its centre of mass is in the middle of the image, if it fits so. */
function centred(drawn) {
  const mass = centreOfMass(drawn);
  const start = (at, length) =>
    Math.min(Math.max(halfToEven(IMAGE_SIDE / 2 - at), 0), IMAGE_SIDE - length);
  const [top, left] = [start(mass.i, drawn.height), start(mass.j, drawn.width)];
  const grey = new Uint8Array(IMAGE_SIDE * IMAGE_SIDE);
  paste(drawn, grey, IMAGE_SIDE, top, left);
  return {
    grey,
    mass: { i: top + mass.i, j: left + mass.j },
    placed: { top, left, height: drawn.height, width: drawn.width },
  };
}

function centreOfMass({ values, width }) {
  let [total, rows, columns] = [0, 0, 0];
  values.forEach((ink, at) => {
    total += ink;
    rows += ink * Math.floor(at / width);
    columns += ink * (at % width);
  });
  return { i: rows / total, j: columns / total };
}

/** Write an image into one of bytes that is so wide. */
function paste({ values, height, width }, grey, wide, top, left) {
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      grey[(top + i) * wide + left + j] = Math.round(255 * values[i * width + j]);
    }
  }
}

/** Return the nearest whole number; in the middle between two the even one, as NumPy does. */
function halfToEven(x) {
  const nearest = Math.round(x);
  return nearest - x === 0.5 && nearest % 2 ? nearest - 1 : nearest;
}

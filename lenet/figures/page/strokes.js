"use strict";
/*
 * The breadth of strokes, and how it is mended: strokes much thinner or broader than those of MNIST
 * are thickened or thinned, as lenet/data/pictures/preparation.py does it.
 */

/** Thicken or thin the strokes of a character that are not as broad as STROKE says. */
function withStrokes(fine) {
  const found = breadth(fine);
  const wanted = Math.min(Math.max(found, STROKE.thinnest), STROKE.broadest);
  const radius = ((wanted - found) * FINE) / 2;
  const reach = halfToEven(Math.abs(radius));
  if (reach === 0) return fine;
  return radius > 0 ? dilated(fine, reach) : inverted(dilated(inverted(fine), reach));
}

/** Return how broad strokes are, in pixels: twice the distance from a ridge to the paper. */
function breadth({ values, height, width }) {
  const depth = distances(values, height, width);
  const ridge = [];
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const own = depth[i * width + j];
      if (own > 0 && own >= highestAround(depth, height, width, i, j)) ridge.push(own);
    }
  }
  ridge.sort((a, b) => a - b);
  const middle = ridge.length >> 1;
  const median = ridge.length % 2 ? ridge[middle] : (ridge[middle - 1] + ridge[middle]) / 2;
  return (2 * median) / FINE;
}

function highestAround(depth, height, width, i, j) {
  let highest = 0;
  for (let m = Math.max(i - 1, 0); m <= Math.min(i + 1, height - 1); m++) {
    for (let n = Math.max(j - 1, 0); n <= Math.min(j + 1, width - 1); n++) {
      highest = Math.max(highest, depth[m * width + n]);
    }
  }
  return highest;
}

/**
 * Return the distance of each pixel of ink from the nearest one without (Felzenszwalb and
 * Huttenlocher 2012): along each column, then along each row.
 */
function distances(ink, height, width) {
  const squares = new Float64Array(ink.length);
  for (let at = 0; at < ink.length; at++) squares[at] = ink[at] > 0.5 ? Infinity : 0;
  const room = {
    f: new Float64Array(Math.max(height, width)),
    centres: new Int32Array(Math.max(height, width)),
    starts: new Float64Array(Math.max(height, width)),
  };
  for (let j = 0; j < width; j++) lowestParabolas(squares, j, width, height, room);
  for (let i = 0; i < height; i++) lowestParabolas(squares, i * width, 1, width, room);
  return squares.map(Math.sqrt);
}

/**
 * Put the minimum over p of f(p) + (q - p)^2 in the place of each f(q) of a line: the lowest of the
 * parabolas that stand at each p. `centres` has those that are lowest somewhere, from `starts` on.
 */
function lowestParabolas(squares, first, step, count, { f, centres, starts }) {
  let last = -1;
  for (let q = 0; q < count; q++) {
    f[q] = squares[first + q * step];
    if (f[q] === Infinity) continue;
    let start = -Infinity;
    for (; last >= 0; last--) {
      const p = centres[last];
      start = (f[q] + q * q - f[p] - p * p) / (2 * (q - p));
      if (start > starts[last]) break;
    }
    last++;
    centres[last] = q;
    starts[last] = last ? start : -Infinity;
  }
  if (last < 0) return;
  for (let q = 0, at = 0; q < count; q++) {
    while (at < last && starts[at + 1] < q) at++;
    squares[first + q * step] = f[centres[at]] + (q - centres[at]) ** 2;
  }
}

/**
 * Return the largest value in a disk around each pixel.
 *
 * A disk is a run of pixels in each of its rows. The largest of any run is that of two runs whose
 * length is a power of two, and those are made by doubling.
 */
function dilated(image, radius) {
  const { height, width } = image;
  const margin = radius + 1;
  const wide = width + 2 * margin;
  const runs = [padded(image, margin).values];
  for (let length = 1; 2 * length <= 2 * radius + 1; length *= 2) {
    const shorter = runs.at(-1);
    const longer = new Float32Array(shorter);
    for (let at = 0; at + length < longer.length; at++) {
      if (shorter[at + length] > longer[at]) longer[at] = shorter[at + length];
    }
    runs.push(longer);
  }
  const found = new Float32Array(height * width);
  for (let m = -radius; m <= radius; m++) {
    const half = Math.floor(Math.sqrt((radius + 0.3) ** 2 - m * m));
    const power = Math.floor(Math.log2(2 * half + 1));
    const run = runs[power];
    for (let i = 0; i < height; i++) {
      let first = (i + m + margin) * wide + margin - half;
      const shift = 2 * half + 1 - 2 ** power;
      for (let at = i * width; at < (i + 1) * width; at++, first++) {
        if (run[first] > found[at]) found[at] = run[first];
        if (run[first + shift] > found[at]) found[at] = run[first + shift];
      }
    }
  }
  return { values: found, height, width };
}

function inverted(image) {
  return { ...image, values: image.values.map((ink) => 1 - ink) };
}

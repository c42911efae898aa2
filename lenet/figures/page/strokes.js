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
  const depth = distances(values.map((ink) => (ink > 0.5 ? 1 : 0)), height, width);
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
 * Return the distance of each pixel from the nearest one that is 0 (Felzenszwalb and Huttenlocher
 * 2012): along each column, then along each row as the lowest of the parabolas that stand there.
 */
function distances(mask, height, width) {
  const squares = Float64Array.from(mask, (ink) => (ink ? Infinity : 0));
  const line = (start, step, count) => {
    const own = Float64Array.from({ length: count }, (_, n) => squares[start + n * step]);
    lowestParabolas(own).forEach((square, n) => (squares[start + n * step] = square));
  };
  for (let j = 0; j < width; j++) line(j, width, height);
  for (let i = 0; i < height; i++) line(i * width, 1, width);
  return squares.map(Math.sqrt);
}

/** Return the minimum over p of f(p) + (q - p)^2, for each q. */
function lowestParabolas(f) {
  const centres = []; // of the parabolas that are lowest somewhere
  const starts = []; // and where each begins to be
  f.forEach((height, q) => {
    if (height === Infinity) return;
    let start = -Infinity;
    while (centres.length) {
      const p = centres.at(-1);
      start = (height + q * q - (f[p] + p * p)) / (2 * (q - p));
      if (start > starts.at(-1)) break;
      centres.pop();
      starts.pop();
      start = -Infinity;
    }
    centres.push(q);
    starts.push(start);
  });
  if (!centres.length) return f;
  let at = 0;
  return f.map((_, q) => {
    while (at + 1 < starts.length && starts[at + 1] < q) at++;
    return f[centres[at]] + (q - centres[at]) ** 2;
  });
}

/**
 * Return the largest value in a disk around each pixel.
 *
 * A disk is a run of pixels in each of its rows. The largest of any run is that of two runs whose
 * length is a power of two, and those are made by doubling.
 */
function dilated({ values, height, width }, radius) {
  const found = new Float32Array(values.length);
  const margin = radius + 1;
  const wide = width + 2 * margin;
  const runs = [padded({ values, height, width }, margin).values];
  for (let length = 1; 2 * length <= 2 * radius + 1; length *= 2) {
    const shorter = runs.at(-1);
    runs.push(shorter.map((value, at) => Math.max(value, shorter[at + length] ?? 0)));
  }
  for (let m = -radius; m <= radius; m++) {
    const half = Math.floor(Math.sqrt((radius + 0.3) ** 2 - m * m));
    const power = Math.floor(Math.log2(2 * half + 1));
    const run = runs[power];
    for (let i = 0; i < height; i++) {
      const row = (i + m + margin) * wide + margin;
      for (let j = 0; j < width; j++) {
        const [first, last] = [row + j - half, row + j + half + 1 - 2 ** power];
        const at = i * width + j;
        found[at] = Math.max(found[at], run[first], run[last]);
      }
    }
  }
  return { values: found, height, width };
}

function inverted(image) {
  return { ...image, values: image.values.map((ink) => 1 - ink) };
}

"use strict";
/*
 * Grey images of other sizes, as Pillow's Image.resize makes them: each new pixel is a mean of the
 * old ones around its centre, weighted by a filter that is widened where the image becomes smaller.
 */

/**
 * A grey image, row by row.
 * @typedef {object} Grey
 * @property {Float32Array} values
 * @property {number} height
 * @property {number} width
 */

const FILTERS = {
  box: { reach: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { reach: 1, weight: (x) => Math.max(1 - Math.abs(x), 0) },
  bicubic: {
    reach: 2,
    weight: (x) => {
      const [a, d] = [-0.5, Math.abs(x)];
      if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    },
  },
};

/** Return an image of another size: first its rows are resampled, then its columns. */
function resized(image, height, width, filter) {
  const rows = alongRows(image, width, FILTERS[filter]);
  return turned(alongRows(turned(rows), height, FILTERS[filter]));
}

/** Return an image with rows and columns changed for each other. */
function turned({ values, height, width }) {
  const found = new Float32Array(values.length);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) found[j * height + i] = values[i * width + j];
  }
  return { values: found, height: width, width: height };
}

function alongRows({ values, height, width }, length, filter) {
  const scale = width / length;
  const widened = Math.max(scale, 1);
  const reach = filter.reach * widened;
  const found = new Float32Array(height * length);
  for (let j = 0; j < length; j++) {
    const centre = (j + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const last = Math.min(Math.trunc(centre + reach + 0.5), width);
    const weights = [];
    for (let n = first; n < last; n++) weights.push(filter.weight((n + 0.5 - centre) / widened));
    const total = weights.reduce((a, b) => a + b, 0);
    for (let i = 0; i < height; i++) {
      let sum = 0;
      for (let n = first; n < last; n++) sum += values[i * width + n] * weights[n - first];
      found[i * length + j] = sum / total;
    }
  }
  return { values: found, height, width: length };
}

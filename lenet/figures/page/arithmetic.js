"use strict";
/*
 * The sum behind any unit: the numbers that go into it, as the paper's equations have them.
 */

const ARRAYS = { C1: "c1", C3: "c3", C5: "c5", F6: "f6", output: "output" };

/**
 * Return the parts of a unit's sum.
 *
 * A convolution, eq. (1): `parts` has for each input map c the patch, the filter (both F x F) and
 * the sum of their products. A pooling: the four members of the window. A full layer, eq. (5):
 * `parts` has for each input j its value, its weight and their product. Where there are parts, they
 * add up with `bias` to `before`.
 * @param {Network} network
 * @param {Object} seen - what `forward` has returned
 * @param {string} layer
 * @param {number} index - of the unit in the layer's values
 */
function sumOf(network, seen, layer, index) {
  const { before, after } = seen[layer];
  const place = placeOf(index, after.shape);
  const about = { layer, place, after: after.values[index] };
  if (layer === "input") return { ...about, kind: "pixel" };

  const below = seen[LAYERS[LAYERS.indexOf(layer) - 1]].after;
  if (layer === "S2" || layer === "S4") {
    const members = patch(below, place.k, 2 * place.i, 2 * place.j, 2);
    return { ...about, kind: "pooling", members };
  }
  const weight = network.arrays[`${ARRAYS[layer]}.weight`];
  const bias = network.arrays[`${ARRAYS[layer]}.bias`].values[place.k];
  const sum = { ...about, bias, before: before.values[index] };
  return weight.shape.length === 4
    ? { ...sum, kind: "convolution", parts: channels(below, weight, place) }
    : { ...sum, kind: "full", parts: products(below, weight, place.k) };
}

/** Return the values of a map in a square, row by row. */
function patch({ values, shape: [, H, W] }, map, top, left, side) {
  const found = [];
  for (let m = 0; m < side; m++) {
    for (let n = 0; n < side; n++) found.push(values[(map * H + top + m) * W + left + n]);
  }
  return found;
}

function channels(x, weight, { k, i, j }) {
  const [, C, F] = weight.shape;
  return Array.from({ length: C }, (_, c) => {
    const seen = patch(x, c, i, j, F);
    const filter = Array.from(weight.values.subarray((k * C + c) * F * F, (k * C + c + 1) * F * F));
    const sum = seen.reduce((total, value, at) => total + value * filter[at], 0);
    return { c, patch: seen, filter, side: F, sum };
  });
}

function products(x, weight, k) {
  const inputs = weight.shape[1];
  return Array.from({ length: inputs }, (_, j) => {
    const w = weight.values[k * inputs + j];
    return { j, place: placeOf(j, x.shape), x: x.values[j], w, sum: w * x.values[j] };
  });
}

/** Return the parts of a sum that matter most, so many of them, and the sum of all others. */
function largest(parts, count) {
  const order = [...parts].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  const rest = order.slice(count);
  return {
    shown: order.slice(0, count),
    others: rest.length,
    sumOfOthers: rest.reduce((total, part) => total + part.sum, 0),
  };
}

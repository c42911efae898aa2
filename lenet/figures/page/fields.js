"use strict";
/*
 * Where a unit looks: its receptive field in the layers below. On the input, for filters of 5x5,
 * C1 5x5, S2 6x6, C3 14x14, S4 16x16, and C5 all of it.
 */

const LAYERS = ["input", "C1", "S2", "C3", "S4", "C5", "F6", "output"];

/** Return the side of a unit's window in the layer below, and by how much neighbours are apart. */
function windowOf(layer, kernel) {
  if (layer === "C1" || layer === "C3") return { side: kernel, step: 1 };
  if (layer === "S2" || layer === "S4") return { side: 2, step: 2 };
  return null; // all of the layer below
}

/**
 * Return the place of a unit in its layer.
 * @param {number} index - in the layer's values
 * @param {number[]} shape - of the layer
 * @returns {{k: number, i?: number, j?: number}} map, row, column; k alone in a vector
 */
function placeOf(index, shape) {
  if (shape.length === 1) return { k: index };
  const [, H, W] = shape;
  return { k: Math.floor(index / (H * W)), i: Math.floor(index / W) % H, j: index % W };
}

/**
 * Return what a unit depends on in each layer below it: rectangles of their maps, or null for all
 * of a layer. `map` is the one map that pooling looks at; without it the field is in all maps.
 * @returns {Object<string, {top: number, left: number, side: number, map?: number} | null>}
 */
function fieldsOf(layer, { k, i, j }, kernel) {
  const fields = {};
  let field = { top: i, left: j, side: 1, map: k };
  for (let depth = LAYERS.indexOf(layer); depth > 0; depth--) {
    const window = windowOf(LAYERS[depth], kernel);
    if (!window) field = null;
    if (field) {
      const { side, step } = window;
      const pooled = step > 1;
      field = {
        top: field.top * step,
        left: field.left * step,
        side: (field.side - 1) * step + side,
        ...(pooled && field.map !== undefined ? { map: field.map } : {}),
      };
    }
    fields[LAYERS[depth - 1]] = field;
  }
  return fields;
}

"use strict";
/*
 * LeNet-5, layer by layer, for one image at a time; `forward` at the end puts the layers together.
 *
 * Normalizations are no layers here: a trained network has them folded into weights and biases.
 */

/**
 * Maps (C, H, W) or a vector (units), row by row.
 * @typedef {object} Tensor
 * @property {Float64Array} values
 * @property {number[]} shape
 */

/**
 * A network as the page has it: arrays by name, c1.weight (C1 maps, channels, F, F) to output.bias
 * (classes), its activation and its pooling.
 * @typedef {object} Network
 * @property {Object<string, {values: Float32Array, shape: number[]}>} arrays
 * @property {{kind: string}} activation - a key of ACTIVATIONS, and its parameters
 * @property {string} pooling - a key of POOLINGS
 */

/** What pooling makes of the four members of a window, under the names of their classes. */
const POOLINGS = {
  MaxPool: (a, b, c, d) => Math.max(a, b, c, d), // eq. (4)
  AveragePool: (a, b, c, d) => (a + b + c + d) / 4,
};

/** Eq. (1), with the sum over input maps: (C, H, W) to (K, H - F + 1, W - F + 1). */
function convolve(x, weight, bias) {
  const [C, H, W] = x.shape;
  const [K, , F] = weight.shape;
  const [rows, columns] = [H - F + 1, W - F + 1];
  const y = new Float64Array(K * rows * columns);
  for (let k = 0; k < K; k++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = bias.values[k];
        for (let c = 0; c < C; c++) {
          for (let m = 0; m < F; m++) {
            const pixel = (c * H + i + m) * W + j;
            const filter = ((k * C + c) * F + m) * F;
            for (let n = 0; n < F; n++) sum += x.values[pixel + n] * weight.values[filter + n];
          }
        }
        y[(k * rows + i) * columns + j] = sum;
      }
    }
  }
  return { values: y, shape: [K, rows, columns] };
}

/** Pooling over 2x2 windows that do not overlap: (C, H, W) to (C, H / 2, W / 2). */
function subsample(x, pool) {
  const [C, H, W] = x.shape;
  const [rows, columns] = [H >> 1, W >> 1];
  const y = new Float64Array(C * rows * columns);
  for (let c = 0; c < C; c++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const above = (c * H + 2 * i) * W + 2 * j;
        const below = above + W;
        const v = x.values;
        const pooled = pool(v[above], v[above + 1], v[below], v[below + 1]);
        y[(c * rows + i) * columns + j] = pooled;
      }
    }
  }
  return { values: y, shape: [C, rows, columns] };
}

/** Eq. (5), z = W x + b: any shape of so many values to (units). */
function dense(x, weight, bias) {
  const [units, inputs] = weight.shape;
  const z = Float64Array.from(bias.values);
  for (let i = 0; i < units; i++) {
    for (let j = 0; j < inputs; j++) z[i] += weight.values[i * inputs + j] * x.values[j];
  }
  return { values: z, shape: [units] };
}

/** Eq. (6): logits to probabilities. */
function softmax(z) {
  const most = Math.max(...z.values);
  const powers = z.values.map((z_i) => Math.exp(z_i - most));
  const sum = powers.reduce((a, b) => a + b);
  return { values: powers.map((power) => power / sum), shape: z.shape };
}

/**
 * What every layer makes of an image, from the input to the output: for each the values `before`
 * its activation, where it has one, and `after` it. The output's are logits and probabilities.
 * @param {Network} network
 * @param {Tensor} image - (1, 32, 32), from 0 to 1
 * @returns {Object<string, {before?: Tensor, after: Tensor}>}
 */
function forward(network, image) {
  const p = network.arrays;
  const { kind } = network.activation;
  const f = ACTIVATIONS[kind].of(network.activation);
  const pool = POOLINGS[network.pooling];
  const activated = (before) => ({
    before,
    after: { values: before.values.map(f), shape: before.shape },
  });

  const C1 = activated(convolve(image, p["c1.weight"], p["c1.bias"]));
  const S2 = { after: subsample(C1.after, pool) };
  const C3 = activated(convolve(S2.after, p["c3.weight"], p["c3.bias"]));
  const S4 = { after: subsample(C3.after, pool) };
  const C5 = activated(dense(S4.after, p["c5.weight"], p["c5.bias"]));
  const F6 = activated(dense(C5.after, p["f6.weight"], p["f6.bias"]));
  const logits = dense(F6.after, p["output.weight"], p["output.bias"]);
  return {
    input: { after: image }, C1, S2, C3, S4, C5, F6,
    output: { before: logits, after: softmax(logits) },
  };
}

/** Put an image of h x w grey values into the middle of the network's input (1, 32, 32). */
function networkInput(grey, [h, w]) {
  const values = new Float64Array(32 * 32);
  const [top, left] = [(32 - h) >> 1, (32 - w) >> 1];
  for (let i = 0; i < h; i++) {
    for (let j = 0; j < w; j++) values[(top + i) * 32 + left + j] = grey[i * w + j] / 255;
  }
  return { values, shape: [1, 32, 32] };
}

"use strict";
/*
 * Activation functions, each a number to a number, under the names of their classes in
 * lenet/nn/layers/activation.py. `formula` is what is shown, with the parameters p filled in.
 */

const sigmoid = (x) => 0.5 + 0.5 * Math.tanh(0.5 * x); // the form that cannot overflow

const ACTIVATIONS = {
  Tanh: { of: () => Math.tanh, formula: () => "tanh x" },
  ScaledTanh: {
    of: () => (x) => 1.7159 * Math.tanh((2 / 3) * x),
    formula: () => "1.7159 tanh(2x/3)",
  },
  Sigmoid: { of: () => sigmoid, formula: () => "1 / (1 + exp(−x))" },
  ReLU: { of: () => (x) => Math.max(x, 0), formula: () => "max(x, 0)" },
  LeakyReLU: {
    of: (p) => (x) => Math.max(x, p.slope * x),
    formula: (p) => `max(x, ${p.slope} x)`,
  },
  ELU: {
    of: (p) => (x) => (x > 0 ? x : p.alpha * Math.expm1(x)),
    formula: (p) => `x, below 0 ${p.alpha} (exp(x) − 1)`,
  },
  Softplus: {
    of: () => (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    formula: () => "log(1 + exp(x))",
  },
  SiLU: { of: () => (x) => x * sigmoid(x), formula: () => "x / (1 + exp(−x))" },
  GELU: { of: () => (x) => x * normalDistribution(x), formula: () => "x Φ(x)" },
};

// Of Φ(−z) = exp(−z²/2) p(z) / q(z), highest powers first (Hart et al. 1968, no. 5666)
const NUMERATOR = [
  3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871,
  221.213596169931, 220.206867912376,
];
const DENOMINATOR = [
  8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674,
  637.333633378831, 793.826512519948, 440.413735824752,
];

/** Return Φ(x), the distribution function of N(0, 1), to 1e-15. */
function normalDistribution(x) {
  const z = Math.min(Math.abs(x), 40);
  const polynomial = (factors) => factors.reduce((sum, factor) => sum * z + factor, 0);
  const tail = (Math.exp(-0.5 * z * z) * polynomial(NUMERATOR)) / polynomial(DENOMINATOR);
  return x > 0 ? 1 - tail : tail;
}

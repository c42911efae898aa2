"use strict";
/* The arithmetic of a unit, written out: the paper's equation, and this unit's numbers in it. */

const MOST_CHANNELS = 6; // input maps whose products are shown; of more the largest
const MOST_INPUTS = 10; // contributions to a unit of a full layer

/** Return the name of a unit in the paper's symbols, such as C3(4, 2, 7). */
function unitName(layer, { k, i, j }, classNames) {
  if (layer === "output") return `output(${classNames[k]})`;
  return i === undefined ? `${layer}(${k})` : `${layer}(${k}, ${i}, ${j})`;
}

/**
 * Return elements that write out the sum of a unit.
 * @param {Object} sum - what `sumOf` has returned
 * @param {{network: Network, seen: Object, classNames: string[]}} about
 */
function written(sum, about) {
  const name = unitName(sum.layer, sum.place, about.classNames);
  switch (sum.kind) {
    case "pixel":
      return [line(`${name} = ${shown(sum.after)}`, ", a pixel of the image, from 0 to 1")];
    case "pooling":
      return pooled(sum, name, about.network);
    case "convolution":
      return convolved(sum, activation(sum, name, about));
    case "full":
      return full(sum, activation(sum, name, about));
  }
}

function line(...content) {
  return element("p", { className: "equation" }, ...content);
}

/** Return the number of an equation, which leads to where that is explained. */
function equation(number) {
  const link = element("a", { href: `#equation-${number}`, className: "number" }, `(${number})`);
  link.addEventListener("click", (event) => {
    event.preventDefault(); // the address keeps what is drawn
    the(`#equation-${number}`).scrollIntoView({ block: "center" });
    the(`#equation-${number}`).focus();
  });
  return link;
}

function pooled({ layer, members, place, after }, name, { pooling }) {
  const below = LAYERS[LAYERS.indexOf(layer) - 1];
  const numbers = members.map(shown).join(", ");
  const most = mostOf(members);
  const square = grid(`${below}, map ${place.k}`, members, 2, most);
  return pooling === "MaxPool"
    ? [line(`${name} = max(${numbers}) = ${shown(after)}  `, equation(4)), square]
    : [line(`${name} = (${numbers.replaceAll(", ", " + ")}) / 4 = ${shown(after)}`), square];
}

function convolved({ layer, parts, bias, before, place }, activated) {
  const below = LAYERS[LAYERS.indexOf(layer) - 1];
  const { shown: channels, others, sumOfOthers } = largest(parts, MOST_CHANNELS);
  channels.sort((a, b) => a.c - b.c);
  const terms = channels.map((channel) => signedTerm(channel.sum));
  if (others) terms.push(`${signedTerm(sumOfOthers)} (of ${others} other maps)`);
  const mostSeen = mostOf(channels.flatMap((channel) => channel.patch));
  const mostWeight = mostOf(channels.flatMap((channel) => channel.filter));
  return [
    line("Y(k, i, j) = Σ X(c, i+m, j+n) K(k, c, m, n) + b(k), over c, m and n  ", equation(1)),
    line(
      `Y(${place.k}, ${place.i}, ${place.j}) = ${terms.join(" ").replace(/^\+ /, "")} `,
      `${signedTerm(bias)} (bias) = `,
      element("b", {}, shown(before)),
    ),
    activated,
    element(
      "div",
      { className: "channels" },
      ...channels.map(({ c, patch, filter, side, sum }) => {
        const products = patch.map((value, n) => value * filter[n]);
        return element(
          "div",
          { className: "channel" },
          grid(below === "input" ? "patch" : `patch of ${below}, map ${c}`, patch, side, mostSeen),
          element("span", {}, "×"),
          grid(`filter K(${place.k}, ${c})`, filter, side, mostWeight),
          element("span", {}, "="),
          grid("products", products, side, mostSeen * mostWeight),
          element("span", {}, `sum ${shown(sum)}`),
        );
      }),
    ),
  ];
}

function full({ layer, parts, bias, before, place }, activated) {
  const below = LAYERS[LAYERS.indexOf(layer) - 1];
  const { shown: top, others, sumOfOthers } = largest(parts, MOST_INPUTS);
  const most = mostOf(top.map((part) => part.sum));
  const rows = top.map((part) =>
    contribution(unitName(below, part.place), [part.x, part.w].map(shown), part.sum, most),
  );
  if (others) rows.push(contribution(`${others} others`, ["", ""], sumOfOthers, most));
  rows.push(contribution(`bias b(${place.k})`, ["", ""], bias, most));
  const head = ["input", "x", "w", "w x", ""].map((text) => element("th", {}, text));
  return [
    line("z(i) = Σ W(i, j) x(j) + b(i), over j  ", equation(5)),
    line(`z(${place.k}) = `, element("b", {}, shown(before)), ", of these parts, largest first"),
    activated,
    element("table", { className: "contributions" }, element("tr", {}, ...head), ...rows),
  ];
}

/** Return a row of the table of contributions; `factors` are the texts of x and w. */
function contribution(name, factors, product, most) {
  const bar = element("span", { className: "bar" });
  bar.style.width = `${Math.min((100 * Math.abs(product)) / most, 100)}%`;
  bar.style.background = signedStyle(product, most).background;
  const cells = [...factors, shown(product)].map((text) =>
    element("td", { className: "number" }, text),
  );
  const track = element("span", { className: "track" }, bar);
  return element("tr", {}, element("td", {}, name), ...cells, element("td", {}, track));
}

/** Return the step from a unit's sum to its value. */
function activation({ layer, before, after, place }, name, { network, seen, classNames }) {
  if (layer !== "output") {
    const { kind } = network.activation;
    const formula = ACTIVATIONS[kind].formula(network.activation);
    const number = kind === "Tanh" ? ["  ", equation(3)] : ["  in the place of ", equation(3)];
    const value = element("b", {}, shown(after));
    return line(`${name} = f(${shown(before)}) = `, value, `, f(x) = ${formula}`, ...number);
  }
  const total = seen.output.before.values.reduce((sum, z) => sum + Math.exp(z), 0);
  const share = `exp(${shown(before)}) / Σ exp(z) = ${shown(Math.exp(before))} / ${shown(total)}`;
  const value = element("b", {}, percent(after));
  return line(`P(${classNames[place.k]}) = ${share} = `, value, "  ", equation(6));
}

function signedTerm(value) {
  return `${value < 0 ? "−" : "+"} ${shown(Math.abs(value))}`;
}

/** Return a number in few letters, such as −.25. */
function brief(number) {
  const text = number.toFixed(2).replace("-", "−").replace(/^(−?)0\./, "$1.");
  return text === "−.00" ? ".00" : text;
}

/** Return numbers as a square of cells in the colours of their signs. */
function grid(caption, numbers, side, most) {
  const rows = Array.from({ length: side }, (_, m) => {
    const cells = numbers.slice(m * side, (m + 1) * side).map((number) => {
      const cell = element("td", {}, brief(number));
      Object.assign(cell.style, signedStyle(number, most));
      return cell;
    });
    return element("tr", {}, ...cells);
  });
  return element("table", { className: "grid" }, element("caption", {}, caption), ...rows);
}

/**
 * Return the paper's equations that networks compute by: by number a name, and what is said of it.
 * @param {Network[]} networks
 */
function equations(networks) {
  const others = networks
    .map(({ activation }) => activation)
    .filter(({ kind }) => kind !== "Tanh")
    .map((activation) => ACTIVATIONS[activation.kind].formula(activation));
  const here = others.length ? `; here ${[...new Set(others)].join(" and ")} in its place` : "";
  const averages = networks.some(({ pooling }) => pooling === "AveragePool");
  const mean = averages ? "; with average pooling the mean of the four in its place" : "";
  return {
    1: [
      "Convolution",
      "Y(k, i, j) = Σ X(c, i+m, j+n) K(k, c, m, n) + b(k): filter k is laid on the maps c below " +
        "at row i, column j; m and n go through its rows and columns. C1 and C3.",
    ],
    3: ["Activation", `f(x) = tanh x = (exp(x) − exp(−x)) / (exp(x) + exp(−x))${here}.`],
    4: [
      "Maximum pooling",
      `Y(k, i, j) = max of X(k, 2i+m, 2j+n) over m, n = 0, 1${mean}. S2 and S4.`,
    ],
    5: [
      "Full layer",
      "z(i) = Σ W(i, j) x(j) + b(i), over all j of the layer below. C5, F6 and the output.",
    ],
    6: ["Softmax", "P(i) = exp(z(i)) / Σ exp(z(j)), over all classes j."],
  };
}

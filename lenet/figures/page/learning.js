"use strict";
/* What a network was after each epoch that was kept: a slider, play and step, and the curves. */

const PAUSE = 700; // ms between two epochs when they are played
const CURVE = { width: 230, height: 96, left: 46, right: 58, top: 16, bottom: 16 };
const SPLITS = ["train", "validation", "test"];

/** Return the arrays of a network, which lie in one vector, by name. */
function cutUp(vector, shapes) {
  const arrays = {};
  let start = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const size = shape.reduce((a, b) => a * b);
    arrays[name] = { values: vector.subarray(start, start + size), shape };
    start += size;
  }
  return arrays;
}

class Learning {
  /**
   * @param {HTMLElement} root - of a network
   * @param {number[]} epochs - that were kept
   * @param {Object<string, number>[]} metrics - a row for each epoch
   * @param {() => void} changed - is called when another epoch is chosen
   */
  constructor(root, epochs, metrics, changed) {
    this.root = root;
    this.epochs = epochs;
    this.changed = changed;
    this.at = epochs.length - 1;
    this.timer = null;
    this.curves = metrics.length ? curvesOf(metrics) : [];
    the(".curves", root).append(...this.curves.map((curve) => curve.svg));
    this.slider = the(".epoch", root);
    Object.assign(this.slider, { min: 0, max: epochs.length - 1, value: this.at });
    the(".epochs", root).hidden = epochs.length === 1;
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    the(".back", root).addEventListener("click", () => this.go(this.at - 1));
    the(".on", root).addEventListener("click", () => this.go(this.at + 1));
    the(".play", root).addEventListener("click", () => (this.timer ? this.stop() : this.play()));
    this.mark();
  }

  /** The epoch that is shown. */
  get epoch() {
    return this.epochs[this.at];
  }

  go(at) {
    this.at = Math.min(Math.max(at, 0), this.epochs.length - 1);
    this.mark();
    this.changed();
  }

  /** Play from the first epoch on, or from the one that is chosen. */
  play() {
    if (this.at === this.epochs.length - 1) this.go(0);
    the(".play", this.root).textContent = "Pause";
    this.timer = setInterval(() => {
      this.go(this.at + 1);
      if (this.at === this.epochs.length - 1) this.stop();
    }, PAUSE);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    the(".play", this.root).textContent = "Play";
  }

  mark() {
    this.slider.value = this.at;
    this.slider.setAttribute("aria-valuetext", `epoch ${this.epoch}`);
    the("output", this.root).textContent = `${this.epoch} of ${this.epochs.at(-1)}`;
    for (const curve of this.curves) curve.mark(this.epoch);
  }
}

/** Return the charts of loss and accuracy. */
function curvesOf(metrics) {
  const splits = SPLITS.filter((split) => `${split}_loss` in metrics[0]);
  return [
    chart("loss", metrics, splits, (value) => value.toPrecision(2)),
    chart("accuracy", metrics, splits, (value) => `${(100 * value).toFixed(1)}%`),
  ];
}

/**
 * Return a chart of a measure by epoch, with a line for each split.
 * @returns {{svg: SVGElement, mark: (epoch: number) => void}} `mark` shows where an epoch is
 */
function chart(measure, metrics, splits, format) {
  const { width, height, left, right, top, bottom } = CURVE;
  const rows = splits.map((split) => metrics.map((row) => row[`${split}_${measure}`]));
  const [low, high] = [Math.min(...rows.flat()), Math.max(...rows.flat())];
  const [first, last] = [metrics[0].epoch, metrics.at(-1).epoch];
  const x = (epoch) =>
    left + ((epoch - first) / (last - first || 1)) * (width - left - right);
  const y = (value) =>
    height - bottom - ((value - low) / (high - low || 1)) * (height - top - bottom);
  const text = (content, at, name) => shape("text", { ...at, class: name }, content);

  const ends = rows.map((values) => y(values.at(-1)) + 4);
  spread(ends, 12);
  const lines = splits.flatMap((split, n) => {
    const points = metrics.map((row, k) => `${x(row.epoch)},${y(rows[n][k])}`).join(" ");
    return [
      shape("polyline", { points, class: `curve ${split}` }),
      text(split, { x: x(last) + 5, y: ends[n] }, `curve-name ${split}`),
    ];
  });
  const marker = shape("line", { y1: top - 4, y2: height - bottom, class: "marker" });
  const svg = shape(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img" },
    text(measure, { x: left, y: 10 }, "name"),
    text(format(high), { x: left - 4, y: top + 4, "text-anchor": "end" }, "tick"),
    text(format(low), { x: left - 4, y: height - bottom + 4, "text-anchor": "end" }, "tick"),
    text(first, { x: left, y: height - 3, "text-anchor": "middle" }, "tick"),
    text(last, { x: x(last), y: height - 3, "text-anchor": "middle" }, "tick"),
    ...lines,
    marker,
  );
  const mark = (epoch) => {
    marker.setAttribute("x1", x(epoch));
    marker.setAttribute("x2", x(epoch));
    marker.style.display = epoch < first ? "none" : "";
    const row = metrics.find((each) => each.epoch === epoch);
    const said = row && splits.map((split) => `${split} ${format(row[`${split}_${measure}`])}`);
    const here = said ? `; at ${epoch}: ${said.join(", ")}` : "";
    svg.setAttribute("aria-label", `${measure} by epoch${here}`);
  };
  return { svg, mark };
}

/** Move places, in their order, so that no two are nearer than a gap. */
function spread(places, gap) {
  const order = [...places.keys()].sort((a, b) => places[a] - places[b]);
  order.forEach((n, rank) => {
    if (rank) places[n] = Math.max(places[n], places[order[rank - 1]] + gap);
  });
}

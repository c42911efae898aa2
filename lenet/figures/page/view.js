"use strict";
/* One network on the page: its layers, its filters, and how it learned. */

const MAP_LAYERS = LAYERS.slice(0, -1);

/** Return the filters of a layer (K, C, F, F) as maps, a row for each of several input maps c. */
function filtersOf({ values, shape: [K, C, F] }) {
  const size = F * F;
  const ordered = new Float32Array(values.length);
  for (let k = 0; k < K; k++) {
    for (let c = 0; c < C; c++) {
      const start = (k * C + c) * size;
      ordered.set(values.subarray(start, start + size), (c * K + k) * size);
    }
  }
  const abreast = C === 1 ? Math.ceil(K / 2) : K;
  const mosaic = { count: K * C, height: F, width: F, abreast, gap: 1 };
  return { filters: { values: ordered, shape: [K * C, F, F] }, mosaic };
}

class View {
  /**
   * @param {object} about - what the page's data say of the network
   * @param {Object[]} stages - its arrays by name, after each epoch that was kept
   * @param {string[]} classNames
   * @param {{point: Function, pick: Function, changed: Function}} listener
   */
  constructor(about, stages, classNames, listener) {
    this.about = about;
    this.stages = stages;
    this.root = copyOf("network");
    the("h2", this.root).textContent = about.title;
    the(".about", this.root).textContent = about.words;
    const toldOf = (layer) => ({
      point: (index) => listener.point(index === null ? null : { layer, index }),
      pick: (index) => listener.pick(index === null ? null : { layer, index }),
    });
    this.cards = Object.fromEntries(
      MAP_LAYERS.map((layer) => [layer, new Card(layer, toldOf(layer))]),
    );
    this.answers = new Answers(classNames, toldOf("output"));
    this.filters = { C1: new Card("filters-C1"), C3: new Card("filters-C3") };
    const figures = [...Object.values(this.cards), this.answers].map((card) => card.figure);
    the(".layers", this.root).append(...figures);
    the(".filters", this.root).append(this.filters.C1.figure, this.filters.C3.figure);
    const epochs = about.stages.map((stage) => stage.epoch);
    this.learning = new Learning(this.root, epochs, about.metrics, () => listener.changed());
  }

  /**
   * The network after the epoch that is shown.
   * @returns {Network}
   */
  get network() {
    const { activation, pooling, kernel } = this.about;
    return { arrays: this.stages[this.learning.at], activation, pooling, kernel };
  }

  /** Let the network see an image (1, 32, 32). */
  look(image) {
    this.seen = forward(this.network, image);
  }

  /** Show all values, and what a unit depends on, if there is one of this network. */
  paint(moment, unit, picked) {
    for (const [layer, card] of Object.entries(this.cards)) {
      const values = this.seen[layer][moment] ?? this.seen[layer].after;
      const most = mostOf(values.values);
      const isInput = layer === "input";
      card.paint(values, {
        title: layer,
        note: isInput ? "0 to 1" : `± ${shown(most)}`,
        colour: isInput ? inGrey : (value) => signed(value, most),
      });
      card.picked = picked?.layer === layer ? picked.index : card.picked;
    }
    this.answers.paint(this.seen.output, moment, unit?.layer === "output" ? unit.index : null);
    this.paintFilters();
    this.outline(unit);
  }

  paintFilters() {
    for (const [layer, card] of Object.entries(this.filters)) {
      const weight = this.network.arrays[`${layer.toLowerCase()}.weight`];
      const { filters, mosaic } = filtersOf(weight);
      const most = mostOf(filters.values);
      card.paint(filters, {
        title: `filters of ${layer}`,
        note: `± ${shown(most)}`,
        colour: (value) => signed(value, most),
        mosaic,
      });
    }
  }

  outline(unit) {
    const marks = unit ? this.marksOf(unit) : {};
    for (const [layer, card] of Object.entries(this.cards)) {
      card.outline(layer in marks ? [marks[layer]] : []);
    }
    const convolution = unit && this.filters[unit.layer];
    for (const card of Object.values(this.filters)) card.outline([]);
    if (convolution) convolution.outline(this.filtersAt(unit));
  }

  /** Return by layer where a unit is, and what it depends on. */
  marksOf({ layer, index }) {
    const place = placeOf(index, this.seen[layer].after.shape);
    const below = fieldsOf(layer, place, this.about.kernel);
    const marked = Object.entries(below).map(([name, field]) => [name, { field, name: "field" }]);
    const { k, i = 0, j = 0 } = place;
    const own = { field: { top: i, left: j, side: 1, map: k }, name: "own" };
    return { ...Object.fromEntries(marked), [layer]: own };
  }

  /** Return the filters that a unit's map is made by. */
  filtersAt({ layer, index }) {
    const { k } = placeOf(index, this.seen[layer].after.shape);
    const [K, C, F] = this.network.arrays[`${layer.toLowerCase()}.weight`].shape;
    return Array.from({ length: C }, (_, c) => ({
      field: { top: 0, left: 0, side: F, map: c * K + k },
      name: "field",
    }));
  }
}

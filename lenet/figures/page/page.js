"use strict";
/* The page as a whole: a drawing goes through each network, and what is asked for is shown. */

class Page {
  /**
   * @param {object} data - what content.py has put into the page
   * @param {Object[][]} stages - for each network its arrays by name, after each epoch
   * @param {Seen[]} examples
   */
  constructor(data, stages, examples) {
    this.data = data;
    this.examples = examples;
    this.moment = "after";
    this.picked = null; // {view, layer, index}: the unit that was clicked
    this.pointed = null; // the unit below the pointer
    this.pen = { width: 24, erases: false };
    this.pad = new Pad(the("#pad"), this.pen, (finished) => this.drawn(finished));
    this.views = data.networks.map((about, number) => this.viewOf(about, stages[number], number));
    the("#networks").append(...this.views.map((view) => view.root));
    this.waiting = false;
    new Tools(this);
    this.listEquations();
    this.restore();
    window.addEventListener("hashchange", () => this.restore());
  }

  viewOf(about, stages, number) {
    const of = (unit) => unit && { ...unit, view: number };
    const point = (unit) => {
      this.pointed = of(unit);
      this.refresh();
    };
    const pick = (unit) => {
      this.picked = of(unit);
      this.pointed = null;
      this.refresh();
      this.keep();
    };
    const changed = () => {
      this.lookAgain = true;
      this.refresh();
      this.keep();
      this.announce();
    };
    return new View(about, stages, this.data.classes, { point, pick, changed });
  }

  /** The unit whose arithmetic is shown. */
  get unit() {
    return this.pointed ?? this.picked;
  }

  drawn(finished) {
    this.lookAgain = true;
    this.refresh();
    if (finished) {
      this.keep();
      this.announce();
    }
  }

  /** Show everything anew with the next frame. */
  refresh() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.paint();
    });
  }

  paint() {
    if (this.lookAgain) {
      this.lookAgain = false;
      this.image = this.prepared();
      showSeen(this.image, this.data.size);
      const input = networkInput(this.image.grey, this.data.size);
      for (const view of this.views) view.look(input);
    }
    const of = (unit, number) => (unit?.view === number ? unit : null);
    this.views.forEach((view, number) =>
      view.paint(this.moment, of(this.unit, number), of(this.picked, number)),
    );
    this.showVerdict();
    this.showSum();
  }

  /** Return the image that the networks see: grey values, and where the drawing lies in it. */
  prepared() {
    const [only, ...others] = this.pad.marks;
    const { size, characters } = this.data;
    const empty = { grey: new Uint8Array(size[0] * size[1]), empty: true };
    if (!only) return empty;
    if (only.grey && !others.length) return { grey: only.grey };
    return (characters ? character(this.pad.ink) : wholePicture(this.pad.ink, size)) ?? empty;
  }

  showSum() {
    const { unit } = this;
    const about = unit && this.views[unit.view];
    the("#unit-hint").hidden = Boolean(unit);
    const title = "The arithmetic of a unit";
    if (!unit) {
      the("#unit-title").textContent = title;
      the("#unit-sum").replaceChildren();
      return;
    }
    const { network, seen } = about;
    const sum = sumOf(network, seen, unit.layer, unit.index);
    const classNames = this.data.classes;
    const whose = this.views.length > 1 ? `, network ${"AB"[unit.view]}` : "";
    const name = unitName(unit.layer, sum.place, classNames);
    the("#unit-title").textContent = `${title}: ${name} = ${shown(sum.after)}${whose}`;
    the("#unit-sum").replaceChildren(...written(sum, { network, seen, classNames }));
  }

  /** Show in words what the networks make of the drawing. */
  showVerdict() {
    const answers = this.views.map((view) => view.seen.output.after.values);
    const { agree, text } = verdict(answers, this.data.classes);
    const { empty } = this.image;
    the("#verdict").textContent = empty ? "Draw, or choose an example." : text;
    the("#verdict").classList.toggle("differ", !empty && !agree);
  }

  /** Have a screen reader say it: where something has ended, not at each move of the pen. */
  announce() {
    requestAnimationFrame(() => {
      the("#spoken").textContent = the("#verdict").textContent;
    });
  }

  listEquations() {
    for (const [number, [name, text]] of Object.entries(equations(this.data.networks))) {
      const term = element("dt", { id: `equation-${number}`, tabIndex: -1 }, `(${number}) ${name}`);
      the("#equation-list").append(term, element("dd", {}, text));
    }
  }

  /** What is shown, as texts for the address. */
  get said() {
    const { picked, views } = this;
    const earlier = views.some((view) => view.learning.at !== view.stages.length - 1);
    return {
      drawing: this.pad.marks.map((mark) => markAsText(mark, this.image)).join("."),
      unit: picked && [picked.view, picked.layer, picked.index].join("."),
      epochs: earlier && views.map((view) => view.learning.epoch).join("."),
      values: this.moment === "before" && "before",
    };
  }

  /** Have the address keep what is shown. */
  keep() {
    requestAnimationFrame(() => writeAddress(this.said));
  }

  /** Show what the address says; the first example if it says nothing of a drawing. */
  restore() {
    const said = readAddress();
    const texts = said.drawing?.split(".") ?? [];
    const marks = texts.map((text) => markOfText(text, this.examples, this.data.size));
    const known = marks.filter(Boolean);
    this.moment = said.values === "before" ? "before" : "after";
    the(`#moment [value=${this.moment}]`).checked = true;
    const epochs = said.epochs?.split(".").map(Number) ?? [];
    this.views.forEach(({ learning }, number) => {
      const at = learning.epochs.indexOf(epochs[number]);
      learning.at = at < 0 ? learning.epochs.length - 1 : at;
      learning.mark();
    });
    this.pad.draw(known.length ? known : this.examples.slice(0, 1));
    this.lookAgain = true;
    this.paint();
    const [view, layer, index] = said.unit?.split(".") ?? [];
    const there = this.views[view]?.seen[layer]?.after.values[index] !== undefined;
    this.picked = there ? { view: Number(view), layer, index: Number(index) } : null;
    this.paint();
    this.announce();
  }
}

/** Show the image that the network sees, with the box of the drawing and its centre of mass. */
function showSeen(image, [height, width]) {
  const mosaic = { count: 1, height, width, abreast: 1, gap: 0 };
  paintMosaic(the("#seen"), image.grey, mosaic, (value) => inGrey(value / 255));
  the("#seen-marks").setAttribute("viewBox", `0 0 ${width} ${height}`);
  const { box, placed, mass } = image;
  the("#pad-marks").replaceChildren(...(box ? [rectangle(box, "box")] : []));
  const [x, y] = mass ? [mass.j + 0.5, mass.i + 0.5] : [];
  const cross = mass
    ? [shape("path", { d: `M${x - 1.5} ${y}h3M${x} ${y - 1.5}v3`, class: "mass" })]
    : [];
  the("#seen-marks").replaceChildren(...(placed ? [rectangle(placed, "box"), ...cross] : []));
  const size = `${height} × ${width}`;
  const how = placed
    ? `the box, 20 pixels on its larger side, its centre of mass in the middle of ${size}`
    : `${size}`;
  the("#seen-text").textContent =
    `What the network sees: ${how}; in the middle of 32 × 32 it is the input.`;
}

/** Unpack the data, and begin. */
async function start() {
  const data = JSON.parse(the("#data").textContent);
  const pixels = await unpack(data.examples.images);
  const size = data.size[0] * data.size[1];
  const examples = data.examples.groups
    .flatMap(({ names }) => names)
    .map((name, example) => ({
      grey: pixels.slice(example * size, (example + 1) * size),
      size: data.size,
      example,
      name,
    }));
  const stages = await Promise.all(
    data.networks.map(({ stages, shapes }) =>
      Promise.all(stages.map(async ({ weights }) => cutUp(await unpack(weights), shapes))),
    ),
  );
  return new Page(data, stages, examples);
}

let page;
const begun = start().then(
  (started) => (page = started),
  (error) => {
    the("#verdict").textContent = `This browser cannot show the page: ${error.message}`;
    throw error;
  },
);

"use strict";
/* A card for each layer: its values as maps, and outlines of what a unit depends on. */

/** Return how the maps or the units of a layer stand side by side. */
function mosaicOf(shape) {
  if (shape.length === 1) {
    const abreast = Math.ceil(Math.sqrt(0.25 * shape[0]));
    return { count: shape[0], height: 1, width: 1, abreast, gap: 0 };
  }
  const [count, height, width] = shape;
  const abreast = count <= 6 ? Math.ceil(count / 3) : Math.ceil(Math.sqrt(count));
  return { count, height, width, abreast, gap: height > 10 ? 2 : 1 };
}

/** Return how many maps of how many values, or how many values, as the paper writes it. */
function sizeText(shape) {
  return shape.length === 3 ? `${shape[0]}@${shape[1]}×${shape[2]}` : String(shape[0]);
}

class Card {
  /**
   * @param {string} layer - as it is shown, such as C1
   * @param {{point: Function, pick: Function}} [listener] - is told of the unit, an index into the
   *   values, that is pointed at and that is picked; null if none is
   */
  constructor(layer, listener) {
    this.figure = copyOf("card");
    this.figure.dataset.layer = layer;
    this.canvas = the("canvas", this.figure);
    this.marks = the("svg", this.figure);
    if (listener) this.listen(listener);
    else this.canvas.setAttribute("role", "img");
  }

  /** Paint the values of a layer; `note` is what stands below them. */
  paint({ values, shape }, { title, note, colour, mosaic = mosaicOf(shape) }) {
    this.shape = shape;
    this.mosaic = mosaic;
    paintMosaic(this.canvas, values, mosaic, colour);
    const { width, height } = sizeOf(mosaic);
    this.marks.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const text = `${title} ${sizeText(shape)}`;
    if (this.text === text + note) return;
    this.text = text + note;
    const name = element("b", {}, title);
    the("figcaption", this.figure).replaceChildren(name, ` ${sizeText(shape)}`);
    the("small", this.figure).textContent = note;
    const keys = this.canvas.tabIndex === 0 ? ". Arrow keys choose a unit." : "";
    this.canvas.setAttribute("aria-label", `${title}, ${sizeText(shape)} values${keys}`);
  }

  /** Outline rectangles of maps; `map` is the one of a rectangle, else it is in all maps. */
  outline(fields) {
    const drawn = fields.flatMap(({ field, name }) => {
      if (!field) return [rectangle({ top: 0, left: 0, ...sizeOf(this.mosaic) }, name)];
      const { top, left, side } = field;
      const maps = field.map === undefined ? [...Array(this.mosaic.count).keys()] : [field.map];
      return maps.map((k) => {
        const corner = cornerOf(k, this.mosaic);
        const at = { top: corner.top + top, left: corner.left + left };
        return rectangle({ ...at, height: side, width: side }, name);
      });
    });
    this.marks.replaceChildren(...drawn);
  }

  listen({ point, pick }) {
    const { canvas } = this;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.addEventListener("pointermove", (event) => point(this.unitAt(event)));
    canvas.addEventListener("pointerleave", () => point(null));
    canvas.addEventListener("click", (event) => pick(this.unitAt(event)));
    canvas.addEventListener("keydown", (event) => {
      const next = this.unitByKey(event.key);
      if (next === undefined) return;
      event.preventDefault();
      this.picked = next ?? this.picked; // now: the next key may come before the next frame
      pick(next);
    });
  }

  /** Return the unit below the pointer; null in a gap. */
  unitAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.canvas.width;
    const y = ((event.clientY - box.top) / box.height) * this.canvas.height;
    const place = placeAt(x, y, this.mosaic);
    return place && this.indexOf(place);
  }

  indexOf({ k, i, j }) {
    return (k * this.mosaic.height + i) * this.mosaic.width + j;
  }

  /** Return the unit that a key leads to from the picked one; undefined if it is no such key. */
  unitByKey(key) {
    if (key === "Escape") return null;
    const { count, height, width, abreast } = this.mosaic;
    const single = height === 1;
    const maps = single ? abreast : 1;
    const { k, i = 0, j = 0 } = placeOf(this.picked ?? 0, [count, height, width]);
    const moves = {
      ArrowLeft: single ? { k: k - 1 } : { j: j - 1 },
      ArrowRight: single ? { k: k + 1 } : { j: j + 1 },
      ArrowUp: single ? { k: k - maps } : { i: i - 1 },
      ArrowDown: single ? { k: k + maps } : { i: i + 1 },
      PageUp: { k: k - 1 },
      PageDown: { k: k + 1 },
      Enter: {},
    };
    if (!moves[key]) return undefined;
    const inside = (value, length) => Math.min(Math.max(value, 0), length - 1);
    const next = { k, i, j, ...moves[key] };
    return this.indexOf({
      k: inside(next.k, count),
      i: inside(next.i, height),
      j: inside(next.j, width),
    });
  }
}

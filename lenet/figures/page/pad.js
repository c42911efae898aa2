"use strict";
/*
 * The pad: what is drawn on it is a list of marks, strokes and pictures, from which it can be drawn
 * again at any time.
 */

const PAD = 280; // pixels on either side, ten for each of the image that the network sees
const STEP = 8; // pixels that an arrow key moves the pen

/**
 * A stroke through points x, y, x, y, ..., or a picture: an image as the network sees it, with its
 * size, or one of any kind.
 * @typedef {{width: number, erases: boolean, points: number[]}} Stroke
 * @typedef {{grey: Uint8Array, size: number[], example?: number}} Seen
 * @typedef {{picture: CanvasImageSource & {width: number, height: number}}} Picture
 * @typedef {Stroke | Seen | Picture} Mark
 */

class Pad {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{width: number, erases: boolean}} pen - what is in the hand; read when a stroke begins
   * @param {(finished: boolean) => void} changed - is called at every change of the drawing
   */
  constructor(canvas, pen, changed) {
    Object.assign(canvas, { width: PAD, height: PAD });
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { willReadFrequently: true });
    this.pen = pen;
    this.changed = changed;
    /** @type {Mark[]} */
    this.marks = [];
    this.draw([]);
    this.followPointer();
    this.followKeys();
  }

  /** Draw some marks in place of those that there are. */
  draw(marks) {
    this.marks = marks;
    this.context.fillStyle = "#fff";
    this.context.fillRect(0, 0, PAD, PAD);
    for (const mark of marks) {
      if (mark.points) this.stroke(mark);
      else if (mark.grey) this.paste(asCanvas(mark), false);
      else this.paste(mark.picture, true);
    }
  }

  /** Have other marks than before, and say so. */
  show(marks) {
    this.draw(marks);
    this.changed(true);
  }

  stroke({ points, width, erases }) {
    this.line(points[0], points[1], points[0], points[1], width, erases);
    for (let n = 2; n < points.length; n += 2) {
      this.line(points[n - 2], points[n - 1], points[n], points[n + 1], width, erases);
    }
  }

  line(fromX, fromY, toX, toY, width, erases) {
    const { context } = this;
    Object.assign(context, {
      lineCap: "round",
      lineWidth: width,
      strokeStyle: erases ? "#fff" : "#000",
    });
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
    context.stroke();
  }

  /** Draw a picture as large as the pad, ink dark on paper. */
  paste(picture, smooth) {
    const share = Math.min(PAD / picture.width, PAD / picture.height);
    const [width, height] = [picture.width * share, picture.height * share];
    const place = [(PAD - width) / 2, (PAD - height) / 2, width, height];
    this.context.imageSmoothingEnabled = smooth;
    this.context.drawImage(picture, ...place);
    if (smooth) this.darkOnPaper(...place.map(Math.round));
  }

  /** Turn a picture into shades of grey whose border is white. */
  darkOnPaper(left, top, width, height) {
    const image = this.context.getImageData(left, top, width, height);
    const greys = Float32Array.from({ length: width * height }, (_, n) => greyAt(image.data, n));
    const border = greys.filter((_, n) => {
      const [i, j] = [Math.floor(n / width), n % width];
      return i === 0 || j === 0 || i === height - 1 || j === width - 1;
    });
    const ground = border.sort()[border.length >> 1];
    const range = ground > 127 ? ground : ground - 255;
    greys.forEach((grey, n) => {
      const shade = ground > 127 ? (255 * grey) / range : 255 * (1 + (grey - ground) / range);
      image.data.fill(shade, 4 * n, 4 * n + 3);
    });
    this.context.putImageData(image, left, top);
  }

  /**
   * Return the ink on the pad, from 0 to 1.
   * @returns {Grey}
   */
  get ink() {
    const { data } = this.context.getImageData(0, 0, PAD, PAD);
    const values = new Float32Array(PAD * PAD);
    for (let n = 0; n < values.length; n++) values[n] = 1 - data[4 * n] / 255;
    return { values, height: PAD, width: PAD };
  }

  begin(x, y) {
    this.at = [x, y];
    this.marks = [...this.marks, { ...this.pen, points: [x, y] }];
    this.stroke(this.marks.at(-1));
    this.changed(false);
  }

  move(x, y) {
    const { points, width, erases } = this.marks.at(-1);
    if (x === points.at(-2) && y === points.at(-1)) return;
    this.line(points.at(-2), points.at(-1), x, y, width, erases);
    points.push(x, y);
    this.changed(false);
  }

  followPointer() {
    const { canvas } = this;
    const place = (event) => {
      const { left, top, width } = canvas.getBoundingClientRect();
      const scale = PAD / width;
      return [(event.clientX - left) * scale, (event.clientY - top) * scale].map(Math.round);
    };
    let pointer = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (pointer !== null || event.button !== 0) return;
      pointer = event.pointerId;
      canvas.setPointerCapture(pointer);
      this.begin(...place(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== pointer) return;
      const all = event.getCoalescedEvents?.() ?? [];
      for (const each of all.length ? all : [event]) this.move(...place(each));
    });
    const end = (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      this.changed(true);
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
  }

  /** Space puts the pen down and lifts it, arrow keys move it. */
  followKeys() {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    this.at = [PAD / 2, PAD / 2];
    let down = false;
    this.canvas.addEventListener("keydown", (event) => {
      if (event.key === " ") {
        down = !down;
        if (down) this.begin(...this.at);
        else this.changed(true);
      } else if (moves[event.key]) {
        this.at = this.at.map((x, axis) => {
          return Math.min(Math.max(x + STEP * moves[event.key][axis], 0), PAD);
        });
        if (down) this.move(...this.at);
        else this.changed(true);
      } else return;
      event.preventDefault();
    });
    this.canvas.addEventListener("blur", () => (down = false));
  }
}

/** Return the brightness of a pixel, as Pillow has it. */
function greyAt(data, n) {
  return 0.299 * data[4 * n] + 0.587 * data[4 * n + 1] + 0.114 * data[4 * n + 2];
}

/** Return an image that the network sees, white on black, as dark ink on paper. */
function asCanvas({ grey, size: [height, width] }) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  paintMosaic(canvas, grey, { count: 1, height, width, abreast: 1, gap: 0 }, (value) =>
    inGrey(1 - value / 255),
  );
  return canvas;
}

"use strict";
/* What is around the pad: pen, eraser, examples, pictures from outside; and the buttons above. */

class Tools {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.pen();
    this.pictures();
    this.exampleButtons();
    this.paintScale();
    the("#moment").addEventListener("change", (event) => {
      page.moment = event.target.value;
      page.refresh();
      page.keep();
    });
    the("#copy").addEventListener("click", () => this.copy());
    the("#print").addEventListener("click", () => window.print());
  }

  pen() {
    const { pad, pen } = this.page;
    the("#eraser").addEventListener("change", (event) => (pen.erases = event.target.checked));
    the("#thickness").addEventListener("input", (event) => {
      pen.width = Number(event.target.value);
    });
    the("#clear").addEventListener("click", () => pad.show([]));
    the("#undo").addEventListener("click", () => pad.show(pad.marks.slice(0, -1)));
  }

  /** Take pictures that are chosen, dropped or pasted. */
  pictures() {
    const take = async (file) => {
      if (!file) return;
      try {
        this.page.pad.show([{ picture: await createImageBitmap(file) }]);
      } catch {
        the("#verdict").textContent = `${file.name} is no picture that this browser reads.`;
      }
    };
    the("#file").addEventListener("change", (event) => take(event.target.files[0]));
    document.addEventListener("paste", (event) => take(event.clipboardData.files[0]));
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      take(event.dataTransfer.files[0]);
    });
  }

  exampleButtons() {
    const { data, examples, pad } = this.page;
    let first = 0;
    for (const { title, names } of data.examples.groups) {
      const buttons = examples.slice(first, first + names.length).map((mark) => {
        const button = element("button", { type: "button", title: mark.name }, asCanvas(mark));
        button.setAttribute("aria-label", mark.name);
        button.addEventListener("click", () => pad.show([mark]));
        return button;
      });
      first += names.length;
      if (!buttons.length) continue;
      the("#examples").append(
        element("h3", {}, title),
        element("div", { className: "examples" }, ...buttons),
      );
    }
  }

  paintScale() {
    const most = (SHADES - 1) / 2;
    const values = Array.from({ length: SHADES }, (_, n) => n - most);
    const mosaic = { count: 1, height: 1, width: SHADES, abreast: 1, gap: 0 };
    paintMosaic(the("#scale"), values, mosaic, (value) => signed(value, most));
  }

  async copy() {
    const address = addressOf(this.page.said);
    try {
      await navigator.clipboard.writeText(address);
      the("#copy").textContent = "Copied";
      setTimeout(() => (the("#copy").textContent = "Copy link"), 1500);
    } catch {
      window.prompt("A link to exactly this:", address);
    }
  }
}

"use strict";
/*
 * The address keeps what is shown, so that a link shows it again: after the #, the marks on the
 * pad, the unit, the epochs, and whether values are those before the activation.
 *
 * A mark is a letter and numbers of two digits to the base 36: d and e, a stroke that draws or
 * erases, its width and its points; x, an example; p, the pixels that the network sees.
 */

const DIGITS = 2;

const asText = (number) => number.toString(36).padStart(DIGITS, "0");
const asNumbers = (text) =>
  Array.from({ length: text.length / DIGITS }, (_, n) =>
    parseInt(text.slice(DIGITS * n, DIGITS * (n + 1)), 36),
  );

/**
 * Return a mark as text.
 * @param {Mark} mark
 * @param {{grey: Uint8Array}} seen - the image that the network sees of all marks
 */
function markAsText(mark, seen) {
  if (mark.points) {
    return (mark.erases ? "e" : "d") + [mark.width, ...mark.points].map(asText).join("");
  }
  if (mark.example !== undefined) return `x${asText(mark.example)}`;
  return `p${Array.from(mark.grey ?? seen.grey, asText).join("")}`;
}

/**
 * Return the mark that a text stands for; null if it is none.
 * @param {string} text
 * @param {Seen[]} examples
 * @param {number[]} size - of the images
 * @returns {Mark | null}
 */
function markOfText(text, examples, size) {
  const numbers = asNumbers(text.slice(1));
  if (!numbers.length || numbers.some((number) => !(number >= 0))) return null;
  switch (text[0]) {
    case "d":
    case "e": {
      const [width, ...points] = numbers;
      const whole = points.length >= 2 && points.length % 2 === 0;
      return whole ? { width, points, erases: text[0] === "e" } : null;
    }
    case "x":
      return examples[numbers[0]] ?? null;
    case "p":
      return numbers.length === size[0] * size[1] ? { grey: Uint8Array.from(numbers), size } : null;
    default:
      return null;
  }
}

/** Return what the address says: texts by name. */
function readAddress() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

/** Return the address that says something, given as texts by name. */
function addressOf(parts) {
  const said = Object.entries(parts).filter(([, text]) => text);
  return `${location.href.split("#")[0]}#${new URLSearchParams(said)}`;
}

let writing;

/**
 * Have the address say something else, without a step back to what it said before; a moment later,
 * as browsers refuse to change it many times in a second.
 */
function writeAddress(parts) {
  clearTimeout(writing);
  writing = setTimeout(() => history.replaceState(null, "", addressOf(parts)), 150);
}

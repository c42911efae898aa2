"use strict";
/* Elements of the page. All text goes in as text: names are never read as markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Return the one element that a selector finds. */
function the(selector, root = document) {
  return root.querySelector(selector);
}

/** Return a new element with some properties and children, elements or texts. */
function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Return a new SVG element with some attributes and children. */
function shape(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Return a copy of what a template holds. */
function copyOf(template) {
  return the(`template#${template}`).content.firstElementChild.cloneNode(true);
}

/** Return a rectangle, as SVG. */
function rectangle({ top, left, height, width }, name) {
  return shape("rect", { x: left, y: top, width, height, class: name });
}

/** Return a number as it is shown: three digits, with a minus sign of its own. */
function shown(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.0005 || size >= 10000)) {
    return value.toExponential(1).replace("-", "−");
  }
  return value.toFixed(size < 10 ? 3 : size < 100 ? 2 : 1).replace(/^-/, "−");
}

/** Return a probability in percent. */
function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

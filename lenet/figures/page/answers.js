"use strict";
/* The output layer: a bar for each class, and what one or two networks say. */

const MOST_BARS = 10; // classes that are shown; of more the likeliest

class Answers {
  /** @param {{point: Function, pick: Function}} listener - as that of a card */
  constructor(classNames, { point, pick }) {
    this.classNames = classNames;
    this.figure = element("figure", { className: "card" });
    this.figure.dataset.layer = "output";
    this.rows = classNames.slice(0, MOST_BARS).map(() => {
      const row = {
        name: element("span", { className: "name" }),
        bar: element("span", { className: "bar" }),
        value: element("span", { className: "value" }),
      };
      const track = element("span", { className: "track" }, row.bar);
      row.button = element("button", { type: "button" }, row.name, track, row.value);
      row.button.addEventListener("pointerenter", () => point(row.unit));
      row.button.addEventListener("pointerleave", () => point(null));
      row.button.addEventListener("click", () => pick(row.unit));
      row.button.addEventListener("keydown", (event) => event.key === "Escape" && pick(null));
      return row;
    });
    this.caption = element("figcaption");
    this.figure.append(this.caption, ...this.rows.map((row) => row.button));
  }

  /** Show probabilities, or the logits that they come from. */
  paint({ before, after }, moment, unit) {
    const title = moment === "before" ? "logits" : "probabilities";
    const count = after.values.length;
    const part = count > MOST_BARS ? `, the ${MOST_BARS} largest` : "";
    this.caption.replaceChildren(element("b", {}, "output"), ` ${count} ${title}${part}`);
    const most = mostOf(before.values);
    const best = likeliest(after.values);
    shownClasses(after.values).forEach((k, n) => {
      const { name, bar, value, button } = this.rows[n];
      this.rows[n].unit = k;
      name.textContent = this.classNames[k];
      const share = moment === "before" ? Math.abs(before.values[k]) / most : after.values[k];
      bar.style.width = `${100 * share}%`;
      bar.style.background =
        moment === "before" ? signedStyle(before.values[k], most).background : "";
      value.textContent =
        moment === "before" ? shown(before.values[k]) : percent(after.values[k]);
      button.classList.toggle("best", k === best);
      button.classList.toggle("picked", k === unit);
    });
  }
}

/** Return the class of the largest probability. */
function likeliest(probabilities) {
  return probabilities.indexOf(Math.max(...probabilities));
}

/** Return the likeliest classes that there is room for, in their own order. */
function shownClasses(probabilities) {
  return [...probabilities.keys()]
    .sort((a, b) => probabilities[b] - probabilities[a])
    .slice(0, MOST_BARS)
    .sort((a, b) => a - b);
}

/**
 * Return what one network says, or whether two agree, in words.
 * @param {Float64Array[]} answers - probabilities of each network
 */
function verdict(answers, classNames) {
  const said = answers.map((probabilities) => {
    const k = likeliest(probabilities);
    return { name: classNames[k], share: probabilities[k] };
  });
  const [a, b] = said;
  if (!b) return { agree: true, text: `It is ${a.name}, with ${percent(a.share)}.` };
  const [ours, theirs] = said.map(({ name, share }) => `says ${name} (${percent(share)})`);
  return a.name === b.name
    ? { agree: true, text: `= Both say ${a.name}: A ${percent(a.share)}, B ${percent(b.share)}.` }
    : { agree: false, text: `≠ They differ: A ${ours}, B ${theirs}.` };
}

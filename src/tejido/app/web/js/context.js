/**
 * What the reader knows beside the picture: a field for every input that the model's card lists. All may stay empty.
 */
import { byId, el } from "./dom.js";
import { known, language, t } from "./i18n.js";

/** @typedef {import("./server.js").Card} Card @typedef {import("./server.js").Input} Input */

const box = byId("context", HTMLElement);
const fields = byId("context-fields", HTMLElement);

/** @type {Map<string, string>} What was filled in, by the name of the input. */
const filled = new Map();
let listener = () => {};

/**
 * Call back whenever something is filled in or changed.
 * @param {() => void} onChange
 */
export function takeContext(onChange) {
  listener = onChange;
}

/**
 * The fields for this model, in the page's language, with what was filled in before; nothing for most models.
 * @param {Card | null} card
 */
export function showContext(card) {
  const inputs = card?.inputs ?? [];
  box.hidden = inputs.length === 0;
  fields.replaceChildren(...inputs.map(field));
}

/**
 * What is known, for the inputs that this model has.
 * @param {Card} card
 * @returns {Record<string, string>}
 */
export function told(card) {
  const names = card.inputs.map((input) => input.name);
  return Object.fromEntries([...filled].filter(([name, value]) => names.includes(name) && value !== ""));
}

/** @param {Input} input */
function field(input) {
  const id = `context-${input.name}`;
  const key = `context.${input.name}`;
  const control = input.choices ? choice(input, id) : number(id);
  if (control instanceof HTMLInputElement || control instanceof HTMLSelectElement) {
    control.value = filled.get(input.name) ?? "";
    // Noted with every key, so that a picture dropped in between knows of it; asked again once it is complete.
    control.addEventListener("input", () => {
      if (control.checkValidity()) filled.set(input.name, control.value);
    });
    control.addEventListener("change", () => {
      if (control.reportValidity()) listener();
    });
  }
  return el("p", { class: "context-field" }, el("label", { for: id }, known(key) ? t(key) : input.name), control);
}

/** @param {string} id */
function number(id) {
  return el("input", { id, type: "number", min: "0", max: "120", step: "any", inputmode: "numeric" });
}

/**
 * @param {Input} input
 * @param {string} id
 */
function choice(input, id) {
  const options = (input.choices ?? []).map((one) => el("option", { value: one.name }, one[language()] || one.name));
  return el("select", { id }, el("option", { value: "" }, t("context.unknown")), ...options);
}

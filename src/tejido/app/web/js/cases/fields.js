/**
 * The fields of a case that people fill in: when it is kept, and later.
 */
import { el } from "../dom.js";
import { language, t } from "../i18n.js";

/**
 * @typedef {{code: string, en: string, es: string}} Term
 * @typedef {Term & {parent: string | null, malignancy: string | null}} DiagnosisTerm
 * @typedef {{diagnoses: DiagnosisTerm[], sexes: Term[], sites: Term[]}} Terms
 * @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control
 */

export const CODE = "[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}";
const KINDS = ["dermoscopy", "clinical", "histology"];
const NUMBERS = ["scale_mm_per_pixel", "age"];

/**
 * Put the fields into `box`, in the language of the moment, with these values.
 * @param {HTMLElement} box
 * @param {Terms} terms
 * @param {Record<string, any>} values
 */
export function drawFields(box, terms, values) {
  const made = {
    patient: code(),
    lesion: code(),
    modality: select(KINDS.map((kind) => [kind, t(`kind.${kind}`)])),
    scale_mm_per_pixel: number("1000"),
    age: number("120"),
    sex: select(named(terms.sexes)),
    site: select(named(terms.sites)),
    notes: el("textarea", { rows: "3", maxlength: "4000" }),
  };
  box.replaceChildren(
    ...Object.entries(made).map(([name, control]) => {
      const id = `case-${name}`;
      control.setAttribute("id", id);
      control.setAttribute("name", name);
      if (isControl(control)) control.value = values[name] ?? "";
      return el("p", { class: name === "notes" ? "field wide" : "field" }, el("label", { for: id }, t(`case.${name}`)), control);
    }),
  );
}

/**
 * What the fields hold: null where nothing is filled in.
 * @param {HTMLElement} box
 * @returns {Record<string, any>}
 */
export function readFields(box) {
  const controls = [...box.querySelectorAll("[name]")].filter(isControl);
  return Object.fromEntries(controls.map(({ name, value }) => [name, meant(name, value.trim())]));
}

/**
 * A select with these options, after one for "not known".
 * @param {string[][]} options value and text of each
 * @param {string} [none] what the empty one says
 */
export function select(options, none = t("case.unknown")) {
  const made = el("select", {}, el("option", { value: "" }, none));
  made.append(...options.map(([value, text]) => el("option", { value }, text)));
  return made;
}

/** @param {Term[]} terms as options */
export function named(terms) {
  return terms.map((term) => [term.code, term[language()]]);
}

/**
 * @param {string} name
 * @param {string} value
 */
function meant(name, value) {
  if (name === "notes") return value;
  if (value === "") return null;
  return NUMBERS.includes(name) ? Number(value) : value;
}

/** @param {unknown} node @returns {node is Control} */
function isControl(node) {
  return node instanceof HTMLInputElement || node instanceof HTMLSelectElement || node instanceof HTMLTextAreaElement;
}

function code() {
  const plain = { autocomplete: "off", autocapitalize: "none", spellcheck: "false" };
  return el("input", { ...plain, pattern: CODE, title: t("keep.codes") });
}

/** @param {string} max */
function number(max) {
  return el("input", { type: "number", min: "0", max, step: "any", inputmode: "decimal" });
}

/**
 * A case in words.
 */
import { language, t } from "../i18n.js";
import { percent } from "../numbers.js";
import { labelName } from "../wording.js";

/**
 * @typedef {import("../server.js").Model} Model
 * @typedef {{by: string, at: string}} Doing
 * @typedef {{label: string, probabilities: Record<string, number>, refused: boolean, reason: string | null, model: string}} Said
 * @typedef {{diagnosis: string, confirmation: string, by: string, at: string}} Found
 *
 * @typedef {object} Case
 * @property {string} id
 * @property {number} version
 * @property {Doing} created
 * @property {Doing} updated
 * @property {string} taken_at
 * @property {{version: string, by: string, at: string}} consent
 * @property {string | null} patient
 * @property {string | null} lesion
 * @property {Said | null} answer
 * @property {Found | null} diagnosis
 */

/** @param {string} moment @returns {string} its day */
export function day(moment) {
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium" }).format(new Date(moment));
}

/**
 * What the model said; in its card's words where the server still has the model.
 * @param {Said} answer
 * @param {Model[]} models
 */
export function saidShortly(answer, models) {
  if (answer.refused) return t("photos.refused");
  const [[label, value]] = estimates(answer, models);
  return `${label} (${value})`;
}

/**
 * Labels and their probabilities, the label given first.
 * @param {Said} answer
 * @param {Model[]} models
 * @returns {string[][]}
 */
export function estimates(answer, models) {
  const card = models.find((model) => model.name === answer.model)?.card;
  const rank = (/** @type {[string, number]} */ [name, p]) => p + (name === answer.label ? 1 : 0);
  const order = Object.entries(answer.probabilities).sort((a, b) => rank(b) - rank(a));
  return order.map(([name, p]) => [card ? labelName(card, name) : name, percent(p)]);
}

/**
 * @param {Found} found
 * @param {import("./fields.js").Terms} terms
 */
export function foundShortly(found, terms) {
  return terms.diagnoses.find((term) => term.code === found.diagnosis)?.[language()] ?? found.diagnosis;
}

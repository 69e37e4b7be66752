/**
 * The figures of a model's card: a table with one row a measure, and one column for each set of test pictures.
 */
import { el } from "./dom.js";
import { known, t } from "./i18n.js";
import { figure } from "./numbers.js";
import { labelName } from "./wording.js";

/**
 * @typedef {import("./server.js").Card} Card
 * @typedef {Record<string, any>} Figures each a number, or {value, low, high}
 */

/** What a reader looks for first; the others follow. */
const FIRST = ["images", "groups", "auc", "sensitivity", "specificity", "accuracy", "balanced_accuracy"];

/**
 * @param {Card} card
 * @returns {HTMLElement | null} null where the card has no figures
 */
export function metricsTable(card) {
  const sets = setsOf(card.metrics);
  const names = [...new Set([...FIRST, ...sets.flatMap(([, figures]) => Object.keys(figures))])];
  const rows = names.map((name) => row(card, name, sets)).filter((one) => one !== null);
  if (rows.length === 0) return null;
  const head = sets.map(([name]) => el("th", { scope: "col" }, name ? named("metric", name) : t("about.metrics.value")));
  const table = el("table", { class: "metrics" });
  table.append(el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("about.metrics.measure")), ...head)));
  table.append(el("tbody", {}, ...rows));
  return el("div", {}, table, el("p", { class: "muted small" }, t("about.metrics.note")));
}

/**
 * Cards group their figures by set of pictures ("all", "histology"); figures without a group are one set without name.
 * @param {Record<string, any>} metrics
 * @returns {[string, Figures][]}
 */
function setsOf(metrics) {
  const groups = Object.entries(metrics).filter(([, value]) => value && typeof value === "object" && !isFigure(value));
  const alone = Object.fromEntries(Object.entries(metrics).filter(([, value]) => isFigure(value)));
  return Object.keys(alone).length > 0 ? [["", alone], ...groups] : groups;
}

/** @param {unknown} value */
function isFigure(value) {
  return typeof value === "number" || typeof (/** @type {any} */ (value)?.value) === "number";
}

/**
 * @param {Card} card
 * @param {string} name
 * @param {[string, Figures][]} sets
 */
function row(card, name, sets) {
  if (!sets.some(([, figures]) => isFigure(figures[name]))) return null;
  const cells = sets.map(([, figures]) => el("td", {}, ...shown(figures[name])));
  return el("tr", {}, el("th", { scope: "row" }, title(card, name)), ...cells);
}

/**
 * A figure, with its interval below.
 * @param {any} value
 * @returns {(Node | string)[]}
 */
function shown(value) {
  if (typeof value === "number") return [figure(value)];
  if (!isFigure(value)) return ["–"];
  const interval = [value.low, value.high].every((end) => typeof end === "number");
  const range = interval ? [el("span", { class: "interval" }, `${figure(value.low)}–${figure(value.high)}`)] : [];
  return [figure(value.value), ...range];
}

/**
 * What a measure is called; "sensitivity_melanoma" is the sensitivity for one diagnosis, "recall_x" for one label.
 * @param {Card} card
 * @param {string} name
 */
function title(card, name) {
  if (known(`metric.${name}`)) return t(`metric.${name}`);
  const [, kind, of] = /^(sensitivity|recall)_(.+)$/.exec(name) ?? [];
  if (!kind) return name.replaceAll("_", " ");
  const isLabel = card.labels.some((label) => label.name === of);
  return t("metric.sensitivity_for", { of: isLabel ? labelName(card, of) : named("diagnosis", of) });
}

/**
 * @param {string} family
 * @param {string} name
 */
function named(family, name) {
  return known(`${family}.${name}`) ? t(`${family}.${name}`) : name.replaceAll("_", " ");
}

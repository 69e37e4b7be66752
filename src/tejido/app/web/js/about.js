/**
 * What the model is and is not, from the card in its file.
 */
import { byId, el } from "./dom.js";
import { known, language, t } from "./i18n.js";
import { figure, fileSize, plain, thresholdPercent } from "./numbers.js";
import { labelName } from "./wording.js";

/** @typedef {import("./server.js").Card} Card @typedef {import("./server.js").Model} Model */

const body = byId("about-body", HTMLElement);

/** The card has not come yet. */
export function showNoCard() {
  body.replaceChildren(el("p", { class: "muted" }, t("about.loading")));
}

/**
 * @param {Model} model
 * @param {Card} card
 */
export function showCard(model, card) {
  const use = card.intended_use[language()] ?? card.intended_use.en ?? "";
  const nots = ["about.not1", "about.not2", "about.not3"].map((key) => el("li", {}, t(key)));
  const parts = [
    column(t("about.is"), el("p", { class: "use" }, use)),
    column(t("about.is_not"), el("ul", { class: "nots" }, ...nots)),
    column(t("about.facts"), facts(model, card)),
  ];
  const measured = metrics(card);
  if (measured) parts.push(column(t("about.metrics"), measured));
  body.replaceChildren(el("div", { class: "columns" }, ...parts));
}

/**
 * @param {string} title
 * @param {Node} content
 */
function column(title, content) {
  return el("section", {}, el("h3", { class: "label" }, title), content);
}

/**
 * @param {Model} model
 * @param {Card} card
 */
function facts(model, card) {
  const modality = `about.modality.${card.modality}`;
  /** @type {[string, string[]][]} */
  const rows = [
    [t("model.label"), [model.name]],
    [t("about.modality"), [known(modality) ? t(modality) : card.modality]],
    [t("about.labels"), [card.labels.map((label) => labelName(card, label.name)).join(", ")]],
  ];
  if (card.positive) {
    const values = { label: labelName(card, card.positive), threshold: thresholdPercent(card.thresholds[card.positive]) };
    rows.push([t("about.threshold"), [t("about.threshold.value", values)]]);
  }
  rows.push(
    [t("about.data"), card.training_data.map((data) => t("about.data.value", { ...data, images: plain(data.images, 0) }))],
    [t("about.licence"), [card.licence]],
    [t("about.created"), [card.created]],
    [t("about.size"), [fileSize(model.size_bytes)]],
  );
  const list = el("dl", { class: "facts" });
  for (const [name, values] of rows) {
    list.append(el("dt", {}, name), ...values.map((value) => el("dd", {}, value)));
  }
  return list;
}

/** @param {Card} card */
function metrics(card) {
  const rows = flatten(card.metrics, []);
  if (rows.length === 0) return null;
  const table = el("table", { class: "metrics" });
  const head = ["about.metrics.measure", "about.metrics.value"].map((key) => el("th", { scope: "col" }, t(key)));
  table.append(el("thead", {}, el("tr", {}, ...head)));
  const lines = rows.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)));
  table.append(el("tbody", {}, ...lines));
  return el("div", {}, table, el("p", { class: "muted small" }, t("about.metrics.note")));
}

/**
 * Figures stand in the card alone, with an interval, or grouped under a name, to any depth.
 * @param {Record<string, any>} figures
 * @param {string[]} path
 * @returns {[string, string][]}
 */
function flatten(figures, path) {
  return Object.entries(figures).flatMap(([key, value]) => {
    const here = [...path, known(`metric.${key}`) ? t(`metric.${key}`) : key.replaceAll("_", " ")];
    const name = here.join(" · ");
    if (typeof value === "number") return [[name, figure(value)]];
    if (value === null || typeof value !== "object" || Array.isArray(value)) return [];
    if (typeof value.value !== "number") return flatten(value, here);
    const interval = [value.low, value.high].every((end) => typeof end === "number");
    return [[name, figure(value.value) + (interval ? ` [${figure(value.low)}–${figure(value.high)}]` : "")]];
  });
}

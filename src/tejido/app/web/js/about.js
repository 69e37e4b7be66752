/**
 * What the model is and is not, from the card in its file.
 */
import { byId, el } from "./dom.js";
import { known, language, t } from "./i18n.js";
import { metricsTable } from "./metrics.js";
import { fileSize, plain, thresholdPercent } from "./numbers.js";
import { labelName } from "./wording.js";

/** @typedef {import("./server.js").Card} Card @typedef {import("./server.js").Model} Model */

const body = byId("about-body", HTMLElement);

/**
 * There is no card to show.
 * @param {boolean} loaded because none suits; otherwise it has not come yet
 */
export function showNoCard(loaded) {
  body.replaceChildren(el("p", { class: "muted" }, t(loaded ? "error.no_model" : "about.loading")));
}

/**
 * @param {Model} model
 * @param {Card} card
 */
export function showCard(model, card) {
  const suspicion = card.task === "skin-suspicion";
  const nots = ["about.not1", "about.not2", "about.not3", ...(suspicion ? ["about.suspicion.not"] : [])];
  const parts = [
    column(t("about.is"), whatItIs(card, suspicion)),
    column(t("about.is_not"), el("ul", { class: "nots" }, ...nots.map((key) => el("li", {}, t(key))))),
    column(t("about.facts"), facts(model, card)),
  ];
  const measured = metricsTable(card);
  if (measured) parts.push(column(t("about.metrics"), measured));
  body.replaceChildren(el("div", { class: "columns" }, ...parts));
}

/**
 * @param {Card} card
 * @param {boolean} suspicion
 */
function whatItIs(card, suspicion) {
  const images = plain(
    card.training_data.reduce((sum, data) => sum + data.images, 0),
    0,
  );
  const values = { modality: modality(card), images };
  const box = el("div", { class: "use" }, el("p", {}, t("about.is.text", values)));
  if (suspicion) box.append(el("p", {}, t("about.suspicion.is")));
  const use = card.intended_use[language()] ?? card.intended_use.en;
  if (use) box.append(el("p", { class: "muted" }, use));
  return box;
}

/** @param {Card} card */
function modality(card) {
  const key = `about.modality.${card.modality}`;
  return known(key) ? t(key) : card.modality;
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
  /** @type {[string, string[]][]} */
  const rows = [
    [t("model.label"), [model.name]],
    [t("about.modality"), [modality(card)]],
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

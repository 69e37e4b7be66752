/**
 * The models that can be chosen for a kind of picture, and the one in use.
 */
import { byId, el } from "./dom.js";
import { Failure } from "./failure.js";
import { kind } from "./kind.js";
import { savesData } from "./saving.js";
import { library } from "./server.js";
import { labelName } from "./wording.js";

/** @typedef {import("./server.js").Model} Model @typedef {import("./server.js").Card} Card */

/** Behind the name of a larger model for the same question. */
const LARGER = "-accurate";

const select = byId("model", HTMLSelectElement);
const more = byId("more-models", HTMLDetailsElement);

/** @type {Model[]} */
let usable = [];
let preferred = "";
/** Until the server has said otherwise, it decides. */
let limit = Infinity;
let loaded = false;
let cases = false;

/** Ask for the models and offer those that suit. */
export async function loadModels() {
  const found = await library();
  usable = found.models.filter((model) => model.card?.kind === "classification");
  preferred = found.default;
  limit = found.max_upload_bytes;
  cases = found.cases;
  loaded = true;
  drawModels();
}

/** Offer the models for this kind of picture; the one in use stays if it is among them. */
export function drawModels() {
  const before = select.value;
  const fit = usable.filter((model) => model.card?.modality === kind());
  select.replaceChildren(...fit.map((model) => el("option", { value: model.name }, title(model))));
  const names = fit.map((model) => model.name);
  const first = savesData() ? [] : [preferred + LARGER];
  select.value = [before, ...first, preferred, ...names].find((name) => names.includes(name)) ?? "";
  more.hidden = fit.length < 2;
}

/** @param {Model} model */
function title({ name, card }) {
  return card ? `${name} (${card.labels.map((label) => labelName(card, label.name)).join(", ")})` : name;
}

/** Whether the server has said which models there are. */
export function modelsAreThere() {
  return loaded;
}

/** Whether the server keeps cases. */
export function keepsCases() {
  return cases;
}

/** Largest file that the server takes. */
export function uploadLimit() {
  return limit;
}

/**
 * The model in use with its card; null before the server has answered, or where none suits the kind of picture.
 * @returns {{model: Model, card: Card} | null}
 */
export function chosen() {
  const model = usable.find((item) => item.name === select.value);
  return model?.card ? { model, card: model.card } : null;
}

/** As `chosen`, for when an answer is due. */
export function required() {
  const found = chosen();
  if (!found) throw new Failure(loaded ? "no_model" : "network");
  return found;
}

/** @param {() => void} listener called when the reader takes another model */
export function onModel(listener) {
  select.addEventListener("change", listener);
}

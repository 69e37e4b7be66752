/**
 * The models that can be chosen, and the one in use.
 */
import { byId, el } from "./dom.js";
import { Failure } from "./failure.js";
import { library } from "./server.js";

/** @typedef {import("./server.js").Model} Model */

const select = byId("model", HTMLSelectElement);
const choice = byId("model-choice", HTMLElement);

/** @type {Model[]} */
let usable = [];
/** Until the server has said otherwise, it decides. */
let limit = Infinity;

/** Ask the server for its models and offer them where there is a choice. */
export async function loadModels() {
  const found = await library();
  usable = found.models.filter((model) => model.card);
  limit = found.max_upload_bytes;
  select.replaceChildren(...usable.map((model) => el("option", { value: model.name }, model.name)));
  select.value = found.default;
  choice.hidden = usable.length < 2;
}

/** Largest file that the server takes. */
export function uploadLimit() {
  return limit;
}

/**
 * The model in use with its card, or null before the server has answered.
 * @returns {{model: Model, card: import("./server.js").Card} | null}
 */
export function chosen() {
  const model = usable.find((item) => item.name === select.value);
  return model?.card ? { model, card: model.card } : null;
}

/** As `chosen`, for when an answer is due. */
export function required() {
  const found = chosen();
  if (!found) throw new Failure("network");
  return found;
}

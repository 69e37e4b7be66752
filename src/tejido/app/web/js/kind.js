/**
 * What kind of picture it is, as its taker says: it decides which models may judge it.
 */
import { byId } from "./dom.js";

/** @typedef {"dermoscopy" | "clinical" | "histology"} Kind as `modality` on a model's card */

const box = byId("kind", HTMLFieldSetElement);

/** @returns {Kind} */
export function kind() {
  const checked = box.querySelector("input:checked");
  return /** @type {Kind} */ (checked instanceof HTMLInputElement ? checked.value : "dermoscopy");
}

/** @param {Kind} wanted */
export function setKind(wanted) {
  const input = box.querySelector(`input[value=${wanted}]`);
  if (input instanceof HTMLInputElement) input.checked = true;
}

/** @param {() => void} listener called when the reader says otherwise */
export function onKind(listener) {
  box.addEventListener("change", listener);
}

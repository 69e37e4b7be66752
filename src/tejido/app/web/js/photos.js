/**
 * The photos of one lesion as a row of thumbnails, where there are several.
 */
import { byId, el } from "./dom.js";
import { t } from "./i18n.js";

/**
 * @typedef {{thumbnail: string, result: string}} Shown `thumbnail` is an address, `result` in words
 */

const strip = byId("photos", HTMLElement);
const list = byId("photo-list", HTMLUListElement);

/**
 * @param {Shown[]} photos
 * @param {number} current
 * @param {(index: number) => void} onShow
 * @param {(index: number) => void} onRemove
 */
export function drawPhotos(photos, current, onShow, onRemove) {
  strip.hidden = photos.length < 2;
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.photo : undefined;
  list.replaceChildren(
    ...photos.map(({ thumbnail, result }, index) => {
      const name = t("photos.one", { n: index + 1, result });
      const show = el("button", { type: "button", class: "photo", "data-photo": `show-${index}`, "aria-label": name });
      show.setAttribute("aria-pressed", String(index === current));
      show.append(el("img", { src: thumbnail, alt: "" }), el("span", { "aria-hidden": "true" }, result));
      show.addEventListener("click", () => onShow(index));
      const away = { type: "button", class: "remove", "data-photo": `remove-${index}` };
      const remove = el("button", { ...away, "aria-label": t("photos.remove", { n: index + 1 }) }, "×");
      remove.addEventListener("click", () => onRemove(index));
      return el("li", {}, show, remove);
    }),
  );
  const again = focused ? list.querySelector(`[data-photo="${focused}"]`) : null;
  if (again instanceof HTMLElement) again.focus(); // drawn anew under the reader's hands
}

/**
 * Drawing the lesion at hand: its photos, the one that is looked at, and what is said of it.
 */
import { showAnswer, showFailure, showInvitation, showLooking, showSeries } from "./answer.js";
import { offerKeep } from "./cases/keep.js";
import { canCrop } from "./crop.js";
import { byId } from "./dom.js";
import { describe } from "./examples.js";
import { offerHeatmap, removeHeatmap } from "./heatmap.js";
import { t } from "./i18n.js";
import { choose, judge, MOST, photos, place, remove, shown } from "./lesion.js";
import { percent } from "./numbers.js";
import { offerOutline, removeOutline } from "./outline.js";
import { drawPhotos } from "./photos.js";
import { describePreview, hidePreview, showPreview } from "./preview.js";
import { series } from "./series.js";
import { labelName } from "./wording.js";

/** A failure after which the same photo may well work. */
const PASSING = ["network", "internal", "overloaded", "upload_too_slow"];

const cropping = byId("crop", HTMLButtonElement);
const whole = byId("uncrop", HTMLButtonElement);
const add = byId("add", HTMLElement);

/** @type {import("./failure.js").Failure | null} */
let trouble = null;

/**
 * Say a trouble that belongs to no photo, until something else is shown.
 * @param {import("./failure.js").Failure} failure
 */
export function complain(failure) {
  trouble = failure;
  draw();
}

/** Show the photo that is looked at, with everything that is known of it. */
export function show() {
  trouble = null;
  removeHeatmap();
  removeOutline();
  showPhoto();
  draw();
}

async function showPhoto() {
  const photo = shown();
  cropping.hidden = true;
  if (!photo) return hidePreview();
  if (!photo.address) return;
  const size = await showPreview(photo.address, photo.box);
  if (!size || photo !== shown()) return;
  cropping.hidden = photo.box !== null || !canCrop(size);
  const { view } = photo;
  if (view.phase !== "answered" || view.answer.refused) return;
  if (view.answer.heatmap) offerHeatmap(view.answer.heatmap, size);
  if (view.answer.mask) offerOutline(view.answer.mask);
}

/** Say again what is known, also in another language. */
export function draw() {
  const photo = shown();
  const row = photos.map(({ address, view }) => ({ thumbnail: address, result: inShort(view) }));
  drawPhotos(row, place(), (index) => (choose(index), show()), (index) => (remove(index), show()));
  add.hidden = photos.length === 0 || photos.length >= MOST;
  whole.hidden = !photo?.box;
  describePreview(photo?.example ? describe(photo.example) : t("picture.alt"));
  const button = document.querySelector('label[for="file"]');
  if (button instanceof HTMLElement) {
    button.dataset.i18n = photo ? "picture.another" : "picture.choose";
    button.textContent = t(button.dataset.i18n);
  }
  if (trouble) showFailure(trouble, null);
  else if (photo) drawAnswer(photo);
  else showInvitation();
  offerKeep();
}

/** @param {import("./lesion.js").Photo} photo */
function drawAnswer(photo) {
  const { view } = photo;
  if (view.phase === "looking") return showLooking();
  if (view.phase === "failed") return showFailure(view.failure, PASSING.includes(view.failure.code) ? () => again(photo) : null);
  showAnswer(view.card, view.answer, view.place, photo.example?.diagnosis ?? null);
  const answers = photos.flatMap(({ view: one }) => (one.phase === "answered" && one.card === view.card ? [one.answer] : []));
  const found = series(view.card, answers);
  if (found) showSeries(view.card, found);
}

/** @param {import("./lesion.js").Photo} photo */
function again(photo) {
  judge(photo);
  show();
}

/**
 * An answer in a word or two.
 * @param {import("./lesion.js").View} view
 */
function inShort(view) {
  if (view.phase === "looking") return "…";
  if (view.phase === "failed") return t("photos.failed");
  if (view.answer.refused) return t("photos.refused");
  const { card, answer } = view;
  return card.positive ? percent(answer.probabilities[card.positive]) : labelName(card, answer.label);
}

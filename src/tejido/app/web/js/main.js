/**
 * The page: a picture comes in, the answer goes out, in the language of the reader.
 */
import { showCard, showNoCard } from "./about.js";
import { revealAnswer, showAnswer, showFailure, showInvitation, showLooking } from "./answer.js";
import { showContext, takeContext, told } from "./context.js";
import { byId } from "./dom.js";
import { describe, fetchExample, nameExamples, showExamples } from "./examples.js";
import { Failure } from "./failure.js";
import { offerHeatmap, removeHeatmap } from "./heatmap.js";
import { chooseLanguage, language, onLanguage, startLanguage, t } from "./i18n.js";
import { isHeic, readable, takePictures } from "./intake.js";
import { chosen, loadModels, required } from "./models.js";
import { drawOffline, keepOffline } from "./offline.js";
import { classify } from "./places.js";
import { describePreview, dropUnshown, showPreview } from "./preview.js";

/**
 * @typedef {import("./examples.js").Example} Example
 * @typedef {import("./server.js").Answer} Answer
 * @typedef {import("./server.js").Card} Card
 * @typedef {import("./places.js").Place} Place
 * @typedef {{width: number, height: number} | null} Size
 *
 * What the page shows; every part of it can be drawn again from this, in another language.
 * @typedef {{phase: "empty"} | {phase: "looking"} | {phase: "answered", answer: Answer, card: Card, place: Place}
 *   | {phase: "failed", failure: Failure}} View
 */

/** Bytes of the largest file that is read at all, as in Python. */
const LARGEST = 512 * 2 ** 20;

/** @type {View} */
let view = { phase: "empty" };
/** @type {Blob | null} */
let picture = null;
/** @type {Example | null} */
let example = null;
/** Cancels the work for a picture that another one has replaced. */
let work = new AbortController();
/** @type {Promise<void>} The models, on their way or here. */
let loading = Promise.resolve();

/** @param {View} next */
function show(next) {
  view = next;
  draw();
}

function draw() {
  if (view.phase === "empty") showInvitation();
  else if (view.phase === "looking") showLooking();
  else if (view.phase === "failed") {
    const again = ["network", "internal"].includes(view.failure.code);
    showFailure(view.failure, again ? retry : null);
  } else showAnswer(view.card, view.answer, view.place, example?.diagnosis ?? null);
}

/**
 * Judge a picture; whatever was going on before is dropped.
 * @param {() => Promise<Blob> | Blob} source
 * @param {Example | null} from
 */
async function judge(source, from) {
  work.abort();
  const { signal } = (work = new AbortController());
  example = from;
  removeHeatmap();
  show({ phase: "looking" });
  revealAnswer();
  try {
    const blob = await source();
    signal.throwIfAborted();
    picture = blob;
    await admit(blob);
    signal.throwIfAborted();
    const preview = showPreview(blob);
    named();
    await ready();
    const { model, card } = required();
    const { answer, place } = await classify(blob, model, card, told(card), signal).catch(async (error) => {
      throw await explained(error, blob, await preview);
    });
    const size = await preview;
    signal.throwIfAborted();
    show({ phase: "answered", answer, card, place });
    if (size && answer.heatmap && !answer.refused) offerHeatmap(answer.heatmap, size);
  } catch (error) {
    if (signal.aborted) return; // a newer picture has the page
    dropUnshown();
    show({ phase: "failed", failure: error instanceof Failure ? error : new Failure("internal") });
    if (!(error instanceof Failure)) console.error(error);
  }
}

/** @param {Blob} blob */
async function admit(blob) {
  if (!(await readable(blob))) throw new Failure("no_access");
  if (blob.size === 0) throw new Failure("empty");
  if (blob.size > LARGEST) throw new Failure("too_large", { limit: LARGEST / 2 ** 20 });
}

/**
 * The server says that a picture is unreadable; the browser may know more exactly why.
 * @param {unknown} error
 * @param {Blob} blob
 * @param {Size} size
 */
async function explained(error, blob, size) {
  if (!(error instanceof Failure)) return error;
  if (error.code !== "unreadable_image") return error;
  if (await isHeic(blob)) return new Failure("heic");
  if (size && Math.min(size.width, size.height) < 16) return new Failure("too_small", size);
  if (size && size.width * size.height > 80e6) return new Failure("too_many_pixels");
  return error;
}

/** Judge the same picture again: after a failure, or with another model. */
function retry() {
  const same = picture;
  if (same) judge(() => same, example);
  else if (example) judgeExample(example);
  else start();
}

/** @param {Example} one */
function judgeExample(one) {
  judge(async () => {
    try {
      return await fetchExample(one);
    } catch {
      throw new Failure("network");
    }
  }, one);
}

/** The models may not have come yet, or the server was away when the page asked. */
async function ready() {
  await loading.catch(() => (loading = load()));
}

async function load() {
  await loadModels();
  drawCard();
}

/** Ask for the models; nothing else can be done without them. */
function start() {
  show({ phase: "empty" });
  loading = load();
  loading.catch(() => {
    if (view.phase === "empty") show({ phase: "failed", failure: new Failure("network") });
  });
}

function drawCard() {
  const found = chosen();
  if (found) showCard(found.model, found.card);
  else showNoCard();
  showContext(found?.card ?? null);
}

/** Texts that depend on the state and not only on the language. */
function named() {
  describePreview(example ? describe(example) : t("picture.alt"));
  const label = document.querySelector('label[for="file"]');
  if (label instanceof HTMLElement) {
    label.dataset.i18n = picture ? "picture.another" : "picture.choose";
    label.textContent = t(label.dataset.i18n);
  }
}

const languages = [...document.querySelectorAll("button[data-language]")].filter((node) => node instanceof HTMLElement);
for (const button of languages) {
  button.addEventListener("click", () => chooseLanguage(button.dataset.language === "es" ? "es" : "en"));
}
onLanguage(() => {
  for (const button of languages) button.setAttribute("aria-pressed", String(button.dataset.language === language()));
  nameExamples();
  named();
  drawOffline();
  drawCard();
  draw();
});

showExamples(judgeExample);
takePictures(
  (file) => judge(() => file, null),
  (over) => document.body.classList.toggle("dropping", over),
);
byId("model", HTMLSelectElement).addEventListener("change", () => {
  drawCard();
  if (picture) retry();
});
takeContext(() => {
  if (picture) retry();
});
startLanguage();
start();
keepOffline();

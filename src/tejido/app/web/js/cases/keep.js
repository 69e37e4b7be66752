/**
 * Keeping the lesion at hand as cases: one for each of its photos. Whatever goes wrong, what was written stays.
 */
import { ask } from "../ask.js";
import { told } from "../context.js";
import { byId, el } from "../dom.js";
import { Failure } from "../failure.js";
import { onLanguage, t } from "../i18n.js";
import { kind } from "../kind.js";
import { photos, shown } from "../lesion.js";
import { keepsCases } from "../models.js";
import { cut } from "../server.js";
import { explain } from "../wording.js";
import { drawFields, readFields } from "./fields.js";

/** @typedef {import("../lesion.js").Photo} Photo */

const REMEMBERED = "tejido.consent";
const row = byId("keep-row", HTMLElement);
const start = byId("keep", HTMLButtonElement);
const note = byId("keep-note", HTMLElement);
const dialog = byId("keeping", HTMLDialogElement);
const form = byId("keep-form", HTMLFormElement);
const fields = byId("keep-fields", HTMLElement);
const trouble = byId("keep-trouble", HTMLElement);
const version = byId("keep-version", HTMLInputElement);
const taken = byId("keep-taken", HTMLInputElement);
const submit = byId("keep-now", HTMLButtonElement);

/** @type {import("./fields.js").Terms | null} */
let terms = null;
/** @type {Photo | null} The first photo of the lesion that the form is about. */
let about = null;
let sending = false;

start.addEventListener("click", () => void open());
byId("keep-later", HTMLButtonElement).addEventListener("click", () => dialog.close());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void keep();
});
window.addEventListener("beforeunload", (event) => {
  if (dialog.open) event.preventDefault();
});
onLanguage(() => {
  if (dialog.open) draw(readFields(fields));
});

/** Offer to keep what is shown, where the server keeps cases; an example is nobody's case. */
export function offerKeep() {
  const photo = shown();
  const answered = photo?.view.phase === "answered" && !photo.example;
  row.hidden = !(keepsCases() && answered);
  start.hidden = waiting().length === 0;
  note.replaceChildren();
  if (!photo?.kept) return;
  const said = t(photo.kept === "now" ? "keep.done" : "error.case_exists");
  note.append(said, " ", el("a", { href: `case?id=${photo.id}` }, t("keep.open")));
}

/** Photos that can be kept and are not. */
function waiting() {
  return photos.filter((photo) => photo.view.phase === "answered" && !photo.kept && !photo.example);
}

async function open() {
  start.disabled = true;
  try {
    terms ??= await ask("api/v1/terms");
    const { role } = await ask("api/v1/session");
    if (role === "viewer") throw new Failure("not_allowed");
  } catch (error) {
    note.textContent = words(error);
    return;
  } finally {
    start.disabled = false;
  }
  const photo = photos[0];
  const facts = photo === about ? readFields(fields) : anew();
  about = photo;
  draw(facts);
  dialog.showModal();
}

/** A form for another lesion: nothing of the one before may stay in it. */
function anew() {
  form.reset();
  version.value = remembered();
  trouble.textContent = "";
  const view = photos[0].view;
  return { modality: kind(), ...(view.phase === "answered" ? told(view.card) : {}) };
}

/** @param {Record<string, any>} facts */
function draw(facts) {
  if (!terms) return;
  const many = waiting();
  const lines = [t("keep.what", { server: location.host })];
  if (many.some((photo) => photo.box)) lines.push(t("keep.part"));
  if (many.length > 1) lines.push(t("keep.count", { n: many.length }));
  byId("keep-what", HTMLElement).textContent = lines.join(" ");
  drawFields(fields, terms, facts);
}

async function keep() {
  if (sending) return;
  sending = submit.disabled = true;
  trouble.textContent = t("keep.sending");
  remember(version.value);
  try {
    for (const photo of waiting()) photo.kept = await put(photo);
    dialog.close();
    trouble.textContent = "";
  } catch (error) {
    trouble.textContent = words(error);
  }
  sending = submit.disabled = false;
  offerKeep();
}

/**
 * @param {Photo} photo
 * @returns {Promise<Photo["kept"]>}
 */
async function put(photo) {
  const { view, blob, box } = photo;
  if (view.phase !== "answered" || !blob) return "";
  const { heatmap: _, mask: __, possible: ___, ...answer } = view.answer;
  // Of the first attempt, so that sending it again after a lost answer changes nothing.
  photo.at ||= new Date().toISOString();
  const facts = {
    ...readFields(fields),
    answer: { ...answer, model_sha256: view.sha256 },
    consent: { version: version.value, at: photo.at },
    taken_at: taken.value ? new Date(`${taken.value}T12:00`).toISOString() : photo.at,
  };
  const body = new FormData();
  body.append("case", JSON.stringify(facts));
  body.append("picture", box ? await cut(blob, box) : blob);
  try {
    await ask(`api/v1/cases/${photo.id}`, { method: "PUT", body });
    return "now";
  } catch (error) {
    // An attempt before this one arrived, its answer did not, and something was written differently since.
    if (error instanceof Failure && error.code === "case_exists") return "before";
    throw error;
  }
}

/** @param {unknown} error */
function words(error) {
  if (!(error instanceof Failure)) {
    console.error(error);
    return t("error.internal_here");
  }
  return error.code === "login_required" ? `${t("error.login_required")} ${t("keep.login")}` : explain(error);
}

/** @param {string} text of which version the patient agreed to */
function remember(text) {
  try {
    localStorage.setItem(REMEMBERED, text);
  } catch {
    // Then it is typed again.
  }
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED) ?? "";
  } catch {
    return "";
  }
}

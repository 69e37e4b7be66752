/**
 * The lesion at hand: its photos, and what is known of each. They are judged one after the other.
 */
import { told } from "./context.js";
import { Failure } from "./failure.js";
import { isHeic, readable } from "./intake.js";
import { required } from "./models.js";
import { classify } from "./places.js";
import { uprightPreview } from "./upright.js";
import { uuid } from "./uuid.js";

/**
 * @typedef {import("./device/decode.js").Box} Box
 * @typedef {import("./examples.js").Example} Example
 * @typedef {import("./places.js").Place} Place
 * @typedef {import("./server.js").Answer} Answer
 * @typedef {import("./server.js").Card} Card
 *
 * @typedef {{phase: "looking"} | {phase: "answered", answer: Answer, card: Card, sha256: string, place: Place}
 *   | {phase: "failed", failure: Failure}} View
 *
 * @typedef {object} Photo
 * @property {() => Promise<Blob> | Blob} source
 * @property {Blob | null} blob null until the source has given it
 * @property {string} address of the blob, for showing it; empty until then
 * @property {Box | null} box the part that is judged; null for all of it
 * @property {Example | null} example
 * @property {View} view
 * @property {AbortController} work
 * @property {string} id under which it is kept as a case, if it is
 * @property {string} at when it was first sent to be kept; empty until then
 * @property {"" | "now" | "before"} kept whether it is, and by the last attempt or by one before
 */

/** Bytes of the largest file that is read at all, as in Python. */
const LARGEST = 512 * 2 ** 20;
/** Photos of one lesion that are compared. */
export const MOST = 8;

/** @type {Photo[]} */
export const photos = [];
let current = 0;
let turn = Promise.resolve();
/** @type {() => Promise<void>} waits for the models */
let ready = async () => {};
/** @type {(photo: Photo) => void} */
let changed = () => {};

/**
 * @param {() => Promise<void>} models resolves when they are there
 * @param {(photo: Photo) => void} onChange called whenever more is known of a photo
 */
export function begin(models, onChange) {
  ready = models;
  changed = onChange;
}

/** @returns {Photo | undefined} the photo that is looked at */
export function shown() {
  return photos[current];
}

/** @returns {number} its place among the photos */
export function place() {
  return current;
}

/**
 * Take photos and judge them.
 * @param {Photo["source"][]} sources
 * @param {{example?: Example | null, add?: boolean}} [options] `add`: of the same lesion as those before
 */
export function take(sources, { example = null, add = false } = {}) {
  if (!add) for (const photo of photos.splice(0)) drop(photo);
  current = Math.min(photos.length, MOST - 1);
  for (const source of sources.slice(0, MOST - photos.length)) {
    /** @type {Photo} */
    const photo = {
      ...{ source, blob: null, address: "", box: null, example },
      ...{ view: { phase: "looking" }, work: new AbortController() },
      ...{ id: uuid(), at: "", kept: "" },
    };
    photos.push(photo);
    judge(photo);
  }
}

/** @param {number} index */
export function choose(index) {
  current = index;
}

/** @param {number} index */
export function remove(index) {
  for (const photo of photos.splice(index, 1)) drop(photo);
  current = Math.max(0, Math.min(current > index ? current - 1 : current, photos.length - 1));
}

/** Judge all photos again: with another model, or told something else. */
export function judgeAll() {
  photos.forEach(judge);
}

/**
 * Judge a photo, perhaps again; whatever was going on for it before is dropped.
 * @param {Photo} photo
 */
export function judge(photo) {
  photo.work.abort();
  photo.work = new AbortController();
  photo.view = { phase: "looking" };
  const { signal } = photo.work;
  const before = turn;
  turn = (async () => {
    await before;
    const view = signal.aborted ? null : await judged(photo, signal);
    if (!view || signal.aborted) return; // asked about anew, or taken away
    photo.view = view;
    changed(photo);
  })();
}

/** @param {Photo} photo */
function drop(photo) {
  photo.work.abort();
  URL.revokeObjectURL(photo.address);
}

/**
 * @param {Photo} photo
 * @param {AbortSignal} signal
 * @returns {Promise<View>}
 */
async function judged(photo, signal) {
  try {
    const blob = await fetched(photo);
    signal.throwIfAborted();
    changed(photo);
    await ready();
    const { model, card } = required();
    const asked = { picture: blob, box: photo.box, model, card, told: told(card) };
    const { answer, place } = await classify(asked, signal).catch(async (error) => {
      throw await explained(error, blob);
    });
    return { phase: "answered", answer, card, sha256: model.sha256, place };
  } catch (error) {
    if (error instanceof Failure) return { phase: "failed", failure: error };
    if (!signal.aborted) console.error(error);
    return { phase: "failed", failure: new Failure("internal_here") };
  }
}

/** @param {Photo} photo */
async function fetched(photo) {
  const blob = (photo.blob ??= await photo.source());
  if (!(await readable(blob))) throw new Failure("no_access");
  if (blob.size === 0) throw new Failure("empty");
  if (blob.size > LARGEST) throw new Failure("too_large", { limit: LARGEST / 2 ** 20 });
  if (!photo.address) {
    const preview = await uprightPreview(blob).catch(() => blob);
    if (photos.includes(photo)) photo.address = URL.createObjectURL(preview);
  }
  return blob;
}

/**
 * The server says that a picture is unreadable; its first bytes may say more exactly why.
 * @param {unknown} error
 * @param {Blob} blob
 */
async function explained(error, blob) {
  const unreadable = error instanceof Failure && error.code === "unreadable_image";
  return unreadable && (await isHeic(blob)) ? new Failure("heic") : error;
}

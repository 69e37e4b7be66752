/**
 * The page's language: chosen by hand and remembered, else the browser's, else English.
 */
import en from "./lang/en.js";
import es from "./lang/es.js";

/** @typedef {"en" | "es"} Language */
const CATALOGUES = { en, es };
const REMEMBERED = "tejido.language";

/** @type {Language} */
let current = "en";
/** @type {(() => void)[]} */
const listeners = [];

/** @returns {Language} */
export function language() {
  return current;
}

/**
 * The sentence called `key`, with `{name}` replaced by `values.name`.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const text = CATALOGUES[current][key] ?? CATALOGUES.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/**
 * Whether a sentence of that name exists.
 * @param {string} key
 */
export function known(key) {
  return key in CATALOGUES.en;
}

/** Start with the remembered or the browser's language, translate the document, and let its buttons switch. */
export function startLanguage() {
  for (const button of buttons()) button.addEventListener("click", () => chooseLanguage(spoken(button)));
  const wanted = remembered() ?? navigator.language.slice(0, 2).toLowerCase();
  setLanguage(wanted === "es" ? "es" : "en");
}

/** Switch the whole page. @param {Language} wanted */
function setLanguage(wanted) {
  current = wanted;
  document.documentElement.lang = wanted;
  for (const node of document.querySelectorAll("[data-i18n]")) {
    if (node instanceof HTMLElement) node.textContent = t(node.dataset.i18n ?? "");
  }
  for (const node of document.querySelectorAll("[data-i18n-label]")) {
    if (node instanceof HTMLElement) node.setAttribute("aria-label", t(node.dataset.i18nLabel ?? ""));
  }
  for (const button of buttons()) button.setAttribute("aria-pressed", String(spoken(button) === wanted));
  for (const listener of listeners) listener();
}

/** Remember a choice made by hand. @param {Language} chosen */
function chooseLanguage(chosen) {
  try {
    localStorage.setItem(REMEMBERED, chosen);
  } catch {
    // Storage can be forbidden; the choice then holds until the page is left.
  }
  setLanguage(chosen);
}

/**
 * Call back after every switch.
 * @param {() => void} listener
 */
export function onLanguage(listener) {
  listeners.push(listener);
}

/** @returns {HTMLElement[]} */
function buttons() {
  return [...document.querySelectorAll("button[data-language]")].filter((node) => node instanceof HTMLElement);
}

/** @param {HTMLElement} button @returns {Language} */
function spoken(button) {
  return button.dataset.language === "es" ? "es" : "en";
}

/** @returns {string | null} */
function remembered() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

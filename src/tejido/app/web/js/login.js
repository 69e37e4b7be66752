/**
 * Logging in and out. The session is a cookie that no script can read; this page only sends what was typed.
 */
import { byId } from "./dom.js";
import { WORDS } from "./login-words.js";

/** @typedef {"en" | "es"} Language */
/** @typedef {{ login: boolean, accounts: boolean, name: string | null }} State */

const REMEMBERED = "tejido.language"; // the same choice as on the page itself
const form = byId("form", HTMLFormElement);
const notice = byId("state", HTMLElement);
const other = byId("other", HTMLButtonElement);
const submit = byId("submit", HTMLButtonElement);

/** @type {Language} */
let language = "en";
let withToken = false;
/** @type {State | null} */
let state = null;
/** @type {{ key: string, values?: Record<string, string> } | null} */
let said = null;

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => choose(button instanceof HTMLElement && button.dataset.language === "es" ? "es" : "en"));
}
other.addEventListener("click", () => {
  withToken = !withToken;
  show();
  focusFirst();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void logIn();
});
byId("logout", HTMLButtonElement).addEventListener("click", () => void ask("logout", {}));

start();

async function start() {
  language = (stored() ?? navigator.language.slice(0, 2).toLowerCase()) === "es" ? "es" : "en";
  show();
  await ask("session");
  focusFirst();
}

async function logIn() {
  const value = (/** @type {string} */ id) => byId(id, HTMLInputElement).value;
  /** @type {Record<string, string>} */
  const given = withToken ? { token: value("token") } : { name: value("name").trim(), password: value("password") };
  if (Object.values(given).some((text) => text === "")) return say("bad_parameter");
  submit.disabled = true;
  const done = await ask("login", given);
  submit.disabled = false;
  for (const id of ["password", "token"]) byId(id, HTMLInputElement).value = "";
  if (done) location.assign("./");
}

/**
 * Ask the server; what it answers is the new state.
 * @param {string} what
 * @param {Record<string, string>} [body]
 */
async function ask(what, body) {
  try {
    const options = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(`api/v1/${what}`, options);
    const answer = await response.json();
    if (!response.ok) {
      say(answer.error.code in WORDS.en ? answer.error.code : "other");
      return false;
    }
    state = answer;
    withToken = !answer.accounts;
    if (!answer.login) say("no_login");
    else if (answer.name) say("you", { name: answer.name });
    else quiet();
    return true;
  } catch {
    say("network");
    return false;
  }
}

/**
 * @param {string} key
 * @param {Record<string, string>} [values]
 */
function say(key, values) {
  said = { key, values };
  show();
}

function quiet() {
  said = null;
  show();
}

/** Put the state into the document. */
function show() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-word]")) {
    if (node instanceof HTMLElement) node.textContent = word(node.dataset.word ?? "");
  }
  for (const node of document.querySelectorAll("[data-word-label]")) {
    if (node instanceof HTMLElement) node.setAttribute("aria-label", word(node.dataset.wordLabel ?? ""));
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    if (button instanceof HTMLElement) button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
  notice.hidden = said === null;
  notice.textContent = said ? word(said.key, said.values) : "";
  const out = state?.login === true && state.name === null;
  form.hidden = !out;
  byId("with-token", HTMLElement).hidden = !withToken;
  byId("with-password", HTMLElement).hidden = withToken;
  other.hidden = !state?.accounts;
  other.textContent = word(withToken ? "use_password" : "use_token");
  byId("leave", HTMLElement).hidden = state === null || out;
  byId("logout", HTMLElement).hidden = !state?.login;
}

function focusFirst() {
  byId(withToken ? "token" : "name", HTMLInputElement).focus();
}

/**
 * @param {string} key
 * @param {Record<string, string>} [values]
 */
function word(key, values = {}) {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** @param {Language} chosen */
function choose(chosen) {
  language = chosen;
  try {
    localStorage.setItem(REMEMBERED, chosen);
  } catch {
    // Storage can be forbidden; the choice then holds until the page is left.
  }
  show();
}

/** @returns {string | null} */
function stored() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

/**
 * Logging in and out. The session is a cookie that no script can read; this page only sends what was typed.
 */
import { ask, send } from "./ask.js";
import { byId } from "./dom.js";
import { Failure } from "./failure.js";
import { onLanguage, startLanguage, t } from "./i18n.js";
import { explain } from "./wording.js";

/** @typedef {{ login: boolean, accounts: boolean, name: string | null }} State */

const form = byId("form", HTMLFormElement);
const notice = byId("state", HTMLElement);
const other = byId("other", HTMLButtonElement);
const submit = byId("submit", HTMLButtonElement);

let withToken = false;
/** @type {State | null} */
let state = null;
/** What there is to say, in the language of the moment. */
let said = () => "";

other.addEventListener("click", () => {
  withToken = !withToken;
  show();
  focusFirst();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void logIn();
});
byId("logout", HTMLButtonElement).addEventListener("click", () => void learn(send("POST", "api/v1/logout", {})));
onLanguage(show);
startLanguage();
learn(ask("api/v1/session")).then(focusFirst);

async function logIn() {
  const value = (/** @type {string} */ id) => byId(id, HTMLInputElement).value;
  /** @type {Record<string, string>} */
  const given = withToken ? { token: value("token") } : { name: value("name").trim(), password: value("password") };
  if (Object.values(given).some((text) => text === "")) return say(() => t("login.incomplete"));
  submit.disabled = true;
  const done = await learn(send("POST", "api/v1/login", given));
  submit.disabled = false;
  for (const id of ["password", "token"]) byId(id, HTMLInputElement).value = "";
  if (done) location.assign("./");
}

/**
 * What the server answers is the new state.
 * @param {Promise<State>} asked
 */
async function learn(asked) {
  try {
    const now = await asked;
    state = now;
    withToken = !now.accounts;
    say(() => (now.name && now.login ? t("login.you", { name: now.name }) : now.login ? "" : t("login.no_login")));
    return true;
  } catch (error) {
    say(() => explain(error instanceof Failure ? error : new Failure("internal")));
    return false;
  }
}

/** @param {() => string} words */
function say(words) {
  said = words;
  show();
}

/** Put the state into the document. */
function show() {
  notice.textContent = said();
  notice.hidden = notice.textContent === "";
  const out = state?.login === true && state.name === null;
  form.hidden = !out;
  byId("with-token", HTMLElement).hidden = !withToken;
  byId("with-password", HTMLElement).hidden = withToken;
  other.hidden = !state?.accounts;
  other.textContent = t(withToken ? "login.use_password" : "login.use_token");
  byId("leave", HTMLElement).hidden = state === null || out;
  byId("logout", HTMLElement).hidden = !state?.login;
}

function focusFirst() {
  byId(withToken ? "token" : "name", HTMLInputElement).focus();
}

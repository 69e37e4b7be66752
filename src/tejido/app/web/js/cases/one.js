/**
 * One case: its picture, what the model said, what is known, what it turned out to be.
 */
import { byId, el } from "../dom.js";
import { Failure } from "../failure.js";
import { onLanguage, startLanguage, t } from "../i18n.js";
import { library } from "../server.js";
import { refusal } from "../wording.js";
import { drawFields, named, readFields, select } from "./fields.js";
import { asked, said } from "./pages.js";
import { day, estimates, foundShortly } from "./words.js";

/** @typedef {import("./words.js").Case} Case */

const HOW = ["histology", "follow_up", "consensus", "confocal"];
const address = `api/v1/cases/${encodeURIComponent(new URLSearchParams(location.search).get("id") ?? "")}`;
const state = byId("state", HTMLElement);
const facts = byId("facts", HTMLFormElement);
const fields = byId("facts-fields", HTMLElement);
const diagnosis = byId("diagnosis", HTMLFormElement);
const reload = byId("reload", HTMLButtonElement);
const sure = byId("sure", HTMLDialogElement);

/** @type {(Case & Record<string, any>) | null} */
let one = null;
/** @type {import("../server.js").Model[]} */
let models = [];
/** @type {import("./fields.js").Terms} */
let terms = { diagnoses: [], sexes: [], sites: [] };
let role = "viewer";
let words = () => "";

facts.addEventListener("submit", (event) => {
  event.preventDefault();
  void change("PATCH", "", { ...readFields(fields), version: one?.version });
});
diagnosis.addEventListener("submit", (event) => {
  event.preventDefault();
  const [what, how] = ["what", "how"].map((name) => byId(`diagnosis-${name}`, HTMLSelectElement).value);
  void change("PUT", "/diagnosis", { diagnosis: what, confirmation: how });
});
byId("take-back", HTMLButtonElement).addEventListener("click", () => {
  void change("PUT", "/diagnosis", { diagnosis: null, confirmation: null });
});
reload.addEventListener("click", () => void learn(asked(address)));
byId("delete", HTMLButtonElement).addEventListener("click", () => {
  sure.returnValue = "";
  sure.showModal();
});
sure.addEventListener("close", () => {
  if (sure.returnValue === "delete") void remove();
});
onLanguage(() => draw(unsaved()));
startLanguage();
start();

async function start() {
  try {
    [{ models }, terms, { role }] = await Promise.all([library(), asked("api/v1/terms"), asked("api/v1/session")]);
  } catch (error) {
    return complain(error);
  }
  await learn(asked(address));
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Record<string, unknown>} body
 */
function change(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  return learn(asked(`${address}${path}`, { method, headers, body: JSON.stringify(body) }), () => t("case.saved"), path !== "");
}

/**
 * What the server answers is how the case is now.
 * @param {Promise<Case>} answer
 * @param {() => string} [done] what to say then
 * @param {boolean} [apart] whether the facts were not part of it: what is being written there stays
 */
async function learn(answer, done = () => "", apart = false) {
  try {
    const now = await answer;
    const written = apart ? unsaved() : {};
    one = now;
    words = done;
    reload.hidden = true;
    draw(written);
  } catch (error) {
    reload.hidden = !(error instanceof Failure && error.code === "case_changed");
    complain(error);
  }
}

async function remove() {
  try {
    await asked(address, { method: "DELETE" });
    location.replace("cases");
  } catch (error) {
    complain(error);
  }
}

/** @param {unknown} error */
function complain(error) {
  words = () => said(error);
  state.textContent = words();
  state.classList.add("trouble");
}

/** What stands in the fields and is not as the server has it. */
function unsaved() {
  const before = one;
  return before ? Object.fromEntries(Object.entries(readFields(fields)).filter(([name, value]) => value !== before[name])) : {};
}

/** @param {Record<string, unknown>} written what stands in the fields and is not saved */
function draw(written) {
  state.textContent = words();
  state.classList.remove("trouble");
  if (!one) return;
  const { id, taken_at, patient, lesion } = one;
  byId("sheets", HTMLElement).hidden = false;
  byId("title", HTMLElement).textContent = t("case.title", { date: day(taken_at) });
  const same = byId("same", HTMLAnchorElement);
  same.hidden = !(patient && lesion);
  same.href = `cases?${new URLSearchParams({ patient: patient ?? "", lesion: lesion ?? "" })}`;
  const whole = byId("whole", HTMLImageElement);
  whole.alt = t("case.picture");
  if (!whole.src) whole.src = `api/v1/cases/${id}/picture`;
  drawRecord(one);
  drawAnswer(one);
  drawDiagnosis(one);
  drawFields(fields, terms, { ...one, ...written });
  byId("facts-box", HTMLFieldSetElement).disabled = role === "viewer";
  for (const node of document.querySelectorAll(".for-clinicians")) node.toggleAttribute("hidden", role === "viewer");
  for (const node of document.querySelectorAll(".for-admins")) node.toggleAttribute("hidden", role !== "admin");
}

/** @param {Case} one */
function drawRecord({ taken_at, created, updated, consent }) {
  const doing = (/** @type {import("./words.js").Doing} */ { at, by }) => t("case.by", { date: day(at), by });
  const rows = [
    ["case.taken", day(taken_at)],
    ["case.kept", doing(created)],
    ["case.changed", doing(updated)],
    ["case.consent", t("case.consent.value", { ...consent, date: day(consent.at) })],
  ];
  byId("record", HTMLDListElement).replaceChildren(...rows.flatMap(([key, text]) => [el("dt", {}, t(key)), el("dd", {}, text)]));
}

/** @param {Case} one */
function drawAnswer({ answer }) {
  const box = byId("said", HTMLElement);
  if (!answer) return box.replaceChildren(t("case.no_answer"));
  const rows = estimates(answer, models).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  const told = answer.refused
    ? [el("p", {}, `${t("answer.refused")} ${refusal(answer.reason)}`)]
    : [el("dl", { class: "facts-list" }, ...rows)];
  box.replaceChildren(...told, el("p", { class: "muted small" }, t("case.model", { model: answer.model })));
}

/** @param {Case} one */
function drawDiagnosis({ diagnosis: found }) {
  const values = found && { ...found, diagnosis: foundShortly(found, terms), date: day(found.at) };
  byId("found", HTMLElement).textContent = values
    ? t("case.confirmed", { ...values, confirmation: t(`case.how.${found?.confirmation}`) })
    : t("case.not_confirmed");
  byId("take-back", HTMLElement).hidden = !found;
  const made = {
    what: select(named(terms.diagnoses), t("case.choose")),
    how: select(HOW.map((how) => [how, t(`case.how.${how}`)]), t("case.choose")),
  };
  const chosen = { what: found?.diagnosis ?? "", how: found?.confirmation ?? "" };
  byId("diagnosis-fields", HTMLElement).replaceChildren(
    ...Object.entries(made).map(([name, control]) => {
      const id = `diagnosis-${name}`;
      control.id = id;
      control.setAttribute("required", "");
      if (control instanceof HTMLSelectElement) control.value = chosen[/** @type {"what" | "how"} */ (name)];
      return el("p", { class: "field" }, el("label", { for: id }, t(`case.${name}`)), control);
    }),
  );
}

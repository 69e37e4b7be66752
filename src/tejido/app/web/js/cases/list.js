/**
 * The list of cases, and one lesion over time. What is shown stands in the page's address.
 */
import { byId, el } from "../dom.js";
import { onLanguage, startLanguage, t } from "../i18n.js";
import { library } from "../server.js";
import { labelName } from "../wording.js";
import { select } from "./fields.js";
import { asked, said } from "./pages.js";
import { day, foundShortly, saidShortly } from "./words.js";

/** @typedef {import("./words.js").Case} Case */

const FILTERS = ["patient", "lesion", "label", "confirmed", "since", "until"];
const PAGE = 48;
const form = byId("filters", HTMLFormElement);
const list = byId("list", HTMLOListElement);
const state = byId("state", HTMLElement);
const more = byId("more", HTMLButtonElement);

const given = filters();
/** Where one lesion alone is asked for, its pictures stand in the order of time. */
const lesion = Object.keys(given).join() === "patient,lesion";
/** @type {Case[]} */
const cases = [];
/** @type {string | null} Where the server goes on. */
let after = null;
/** @type {import("../server.js").Model[]} */
let models = [];
/** @type {import("./fields.js").Terms} */
let terms = { diagnoses: [], sexes: [], sites: [] };
let complaint = () => "";

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const filled = [...new FormData(form)].filter(([, value]) => value !== "").map(([name, value]) => [name, String(value).trim()]);
  location.search = String(new URLSearchParams(filled));
});
more.addEventListener("click", () => void load());
onLanguage(draw);
startLanguage();
start();

async function start() {
  try {
    [{ models }, terms] = await Promise.all([library(), asked("api/v1/terms")]);
  } catch (error) {
    complaint = () => said(error);
    return draw();
  }
  await load();
}

async function load() {
  more.disabled = true;
  try {
    const page = await asked(address());
    cases.push(...page.cases);
    after = page.next;
    complaint = () => (cases.length === 0 ? t("cases.none") : "");
  } catch (error) {
    complaint = () => said(error);
  }
  more.disabled = false;
  draw();
}

function address() {
  const query = new URLSearchParams({ limit: String(PAGE), ...(after ? { after } : {}) });
  if (lesion) return `api/v1/patients/${encodeURIComponent(given.patient)}/lesions/${encodeURIComponent(given.lesion)}?${query}`;
  for (const [name, value] of Object.entries(given)) query.set(name, value);
  // Days are those of the reader, and the last one counts too.
  if (given.since) query.set("since", new Date(`${given.since}T00:00`).toISOString());
  if (given.until) query.set("until", nextDay(given.until).toISOString());
  return `api/v1/cases?${query}`;
}

function draw() {
  byId("title", HTMLElement).textContent = lesion ? t("cases.lesion", given) : t("cases.title");
  byId("clear", HTMLElement).hidden = Object.keys(given).length === 0;
  const names = models.flatMap(({ card }) => card?.labels.map(({ name }) => [name, labelName(card, name)]) ?? []);
  choices("label", [...new Map(names.map(([name, text]) => [name, text]))]);
  choices("confirmed", ["true", "false"].map((one) => [one, t(`cases.confirmed.${one}`)]));
  for (const name of FILTERS) {
    const control = form.elements.namedItem(name);
    if (control instanceof HTMLInputElement || control instanceof HTMLSelectElement) control.value = given[name] ?? "";
  }
  list.replaceChildren(...cases.map((one) => el("li", {}, tile(one))));
  more.hidden = after === null;
  state.textContent = complaint();
}

/** @param {string} name @param {string[][]} options */
function choices(name, options) {
  const unknown = options.some(([value]) => value === given[name]) || !given[name] ? [] : [[given[name], given[name]]];
  byId(name, HTMLSelectElement).replaceChildren(...select([...options, ...unknown], t("cases.confirmed.any")).children);
}

/** @param {Case} one */
function tile(one) {
  const { id, taken_at, patient, lesion: code, answer, diagnosis } = one;
  const picture = el("img", { src: `api/v1/cases/${id}/thumbnail`, alt: "", loading: "lazy" });
  const days = Math.round((Date.parse(taken_at) - Date.parse(cases[0].taken_at)) / 864e5);
  return el(
    "a",
    { class: "tile", href: `case?id=${id}` },
    picture,
    el("strong", {}, day(taken_at)),
    el("span", {}, lesion ? (days > 0 ? t("cases.after", { days }) : "") : [patient ?? t("cases.nobody"), code].filter(Boolean).join(" · ")),
    el("span", {}, answer ? saidShortly(answer, models) : t("case.no_answer")),
    el("span", { class: "muted" }, diagnosis ? foundShortly(diagnosis, terms) : t("case.not_confirmed")),
  );
}

/** @returns {Record<string, string>} */
function filters() {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries(FILTERS.flatMap((name) => (query.get(name) ? [[name, query.get(name) ?? ""]] : [])));
}

/** @param {string} date */
function nextDay(date) {
  const found = new Date(`${date}T00:00`);
  found.setDate(found.getDate() + 1);
  return found;
}

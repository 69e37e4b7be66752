/**
 * The answer panel, in each of its states.
 */
import { byId, el } from "./dom.js";
import { language, t } from "./i18n.js";
import { percent, plain, thresholdPercent } from "./numbers.js";
import { explain, hints, labelName, refusal, sentence } from "./wording.js";

/** @typedef {import("./server.js").Answer} Answer @typedef {import("./server.js").Card} Card */

/** Probabilities further apart than this say that the photos disagree. */
const APART = 0.25;

const panel = byId("answer", HTMLElement);
const body = byId("answer-body", HTMLElement);

/** What stands there before the first picture. */
export function showInvitation() {
  const steps = ["answer.step1", "answer.step2", "answer.step3"].map((key) => el("li", {}, t(key)));
  put("empty", el("p", { class: "muted" }, t("answer.empty")), el("ol", { class: "steps" }, ...steps));
}

/** A picture is being judged. */
export function showLooking() {
  put("looking", el("p", { class: "looking" }, el("span", { class: "loom", "aria-hidden": "true" }), t("answer.looking")));
}

/**
 * @param {Card} card
 * @param {Answer} answer
 * @param {import("./places.js").Place} place where it was computed
 * @param {string | null} diagnosis what an example turned out to be
 */
export function showAnswer(card, answer, place, diagnosis) {
  const { tone, headline, advice } = sentence(card, answer);
  const parts = [el("h3", { class: "headline" }, headline), el("p", { class: "advice" }, advice)];
  if (answer.refused) {
    // No bars: a number beside a refusal would be read as an answer.
    parts.push(el("p", { class: "reason" }, refusal(answer.reason)));
  } else {
    parts.push(bars(card, answer), ...quality(card, answer));
  }
  if (diagnosis) {
    parts.push(el("p", { class: "truth" }, t("examples.truth", { diagnosis: t(`examples.${diagnosis}`) })));
  }
  parts.push(el("p", { class: `badge ${place}` }, t(`answer.place.${place}`, { server: location.host })));
  put(tone, ...parts);
}

/**
 * What several photos of the lesion say together, above the answer for the one that is shown.
 * @param {Card} card
 * @param {import("./series.js").Series} found
 */
export function showSeries(card, found) {
  const values = {
    n: found.judged,
    votes: found.votes,
    label: labelName(card, found.label),
    low: percent(found.low),
    high: percent(found.high),
  };
  const spread = found.high - found.low;
  const parts = [el("h3", {}, t("series.title", values)), el("p", {}, t("series.votes", values))];
  if (card.positive) parts.push(el("p", {}, t("series.range", { ...values, label: labelName(card, card.positive) })));
  if (spread > APART || found.votes < found.judged) parts.push(el("p", {}, t("series.apart")));
  if (found.refused > 0) parts.push(el("p", { class: "muted" }, t("series.refused", { n: found.refused })));
  body.prepend(el("div", { class: "series" }, ...parts), el("p", { class: "label" }, t("series.shown")));
}

/**
 * @param {import("./failure.js").Failure} failure
 * @param {(() => void) | null} onRetry offered where the same picture may work the next time
 */
export function showFailure(failure, onRetry) {
  if (failure.code === "no_model") {
    // Not a fault of anything: there is nothing here that could judge such a picture.
    const advice = el("p", { class: "advice" }, t("answer.refused.more"));
    put("refused", el("h3", { class: "headline" }, t("answer.refused")), advice, el("p", { class: "reason" }, t("error.no_model")));
    return;
  }
  const parts = [el("h3", { class: "headline" }, t("error.title")), el("p", { class: "advice" }, explain(failure))];
  if (onRetry) {
    const button = el("button", { type: "button", class: "button quiet" }, t("error.retry"));
    button.addEventListener("click", onRetry);
    parts.push(button);
  }
  put("failed", ...parts);
}

/** Bring the answer into sight: on narrow screens it stands away from where the picture was chosen. */
export function revealAnswer() {
  const { top } = panel.getBoundingClientRect();
  if (top >= 0 && top < window.innerHeight * 0.7) return;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  panel.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}

/**
 * @param {string} state
 * @param {...Node} parts
 */
function put(state, ...parts) {
  body.dataset.state = state;
  body.setAttribute("aria-busy", String(state === "looking"));
  const held = body.contains(document.activeElement);
  body.replaceChildren(...parts);
  if (held) panel.focus(); // the button that was pressed is gone; stay where it stood
}

/**
 * @param {Card} card
 * @param {Answer} answer
 */
function bars(card, answer) {
  const list = el("ul", { class: "bars" });
  // The label given comes first, also where a low threshold gives one that is less probable.
  const rank = (/** @type {string} */ name) => answer.probabilities[name] + (name === answer.label ? 1 : 0);
  const order = [...card.labels].sort((a, b) => rank(b.name) - rank(a.name));
  for (const { name } of order) {
    const p = answer.probabilities[name];
    const fill = el("span", { class: "fill" });
    fill.style.setProperty("--p", String(p));
    const bar = el("span", { class: "bar", "aria-hidden": "true" }, fill);
    if (name === card.positive) {
      const mark = el("span", { class: "mark" });
      mark.style.setProperty("--p", String(card.thresholds[name]));
      bar.append(mark);
    }
    /** @type {Record<string, string>} */
    const given = name === answer.label ? { class: "given" } : {};
    const text = [el("span", { class: "name" }, labelName(card, name)), " ", el("span", { class: "value" }, percent(p))];
    list.append(el("li", given, ...text, bar));
  }
  const box = el("div", { class: "estimates" }, el("h4", { class: "label" }, t("answer.estimates")), list);
  if (card.positive) {
    const threshold = thresholdPercent(card.thresholds[card.positive]);
    const label = labelName(card, card.positive);
    box.append(el("p", { class: "muted small" }, t("answer.threshold", { label, threshold })));
    const meant = scoredLikeThis(card, answer.probabilities[card.positive]);
    if (meant) box.append(el("p", { class: "muted small" }, meant));
  }
  const left = notExcluded(card, answer.probabilities);
  if (left) box.append(el("p", { class: "muted small" }, left));
  return box;
}

/**
 * Of a hundred test pictures with a score like this, how many were positive; null where the file does not say.
 * @param {Card} card
 * @param {number} score
 */
function scoredLikeThis(card, score) {
  const bands = card.operating.bands ?? [];
  // Bands lie side by side; a score between two belongs to the upper one.
  const band = bands.find(({ high }) => score <= high) ?? bands.at(-1);
  if (!band || !card.positive) return null;
  const { value, low, high } = band.positive;
  const hundred = (/** @type {number} */ share) => plain(100 * share, 0);
  const label = labelName(card, card.positive);
  const key = low === null || high === null ? "answer.meant" : "answer.meant.range";
  return t(key, { n: hundred(value), low: hundred(low ?? value), high: hundred(high ?? value), label });
}

/**
 * The labels that cannot be excluded, by the same comparison as Python's; null where the file does not say.
 * @param {Card} card
 * @param {Record<string, number>} probabilities
 */
function notExcluded(card, probabilities) {
  const { sets } = card.operating;
  if (!sets) return null;
  const names = card.labels.map(({ name }) => name).filter((name) => probabilities[name] >= sets.least[name]);
  const labels = new Intl.ListFormat(language(), { type: "disjunction" }).format(names.map((name) => labelName(card, name)));
  return t(names.length > 0 ? "answer.possible" : "answer.possible.none", { coverage: percent(sets.coverage), labels });
}

/**
 * @param {Card} card
 * @param {Answer} answer
 */
function quality(card, answer) {
  const found = hints(card, answer);
  if (found.length > 0) {
    const items = found.map((text) => el("li", {}, text));
    return [el("div", { class: "hints" }, el("h4", {}, t("hint.title")), el("ul", {}, ...items))];
  }
  return card.refusal.length > 0 ? [el("p", { class: "muted small" }, t("hint.good"))] : [];
}

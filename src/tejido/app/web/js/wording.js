/**
 * Which words an answer gets. Only a model of the task `skin-suspicion` speaks of suspicion; any other says its label.
 */
import { known, language, t } from "./i18n.js";

/** @typedef {import("./server.js").Answer} Answer @typedef {import("./server.js").Card} Card */

/**
 * How a label is shown to people.
 * @param {Card} card
 * @param {string} name
 */
export function labelName(card, name) {
  const label = card.labels.find((item) => item.name === name);
  return label?.[language()] || name;
}

/**
 * Headline, what to do, and the tone of an answer.
 * @param {Card} card
 * @param {Answer} answer
 * @returns {{tone: "calm" | "attention" | "refused", headline: string, advice: string}}
 */
export function sentence(card, answer) {
  if (answer.refused) {
    return { tone: "refused", headline: t("answer.refused"), advice: t("answer.refused.more") };
  }
  if (card.task === "skin-suspicion" && card.positive) {
    const positive = answer.label === card.positive;
    const key = positive ? "answer.suspicious" : "answer.benign";
    return { tone: positive ? "attention" : "calm", headline: t(key), advice: t(`${key}.more`) };
  }
  const headline = t("answer.other", { label: labelName(card, answer.label) });
  return { tone: "calm", headline, advice: t("answer.other.more") };
}

/**
 * Why a picture was refused and how to take a better one.
 * @param {string | null} reason
 */
export function refusal(reason) {
  const key = `reason.${reason}`;
  return t(known(key) ? key : "reason.other");
}

/**
 * Hints about a picture that was judged but came near a refusal.
 * @param {Card} card
 * @param {Answer} answer
 * @returns {string[]}
 */
export function hints(card, answer) {
  const near = 0.85; // of the refusal's limit
  return card.refusal
    .filter((rule) => rule.output === "quality" && known(`hint.${rule.code}`))
    .filter((rule) => (answer.quality[card.quality[rule.index]] ?? 0) > near * rule.above)
    .map((rule) => t(`hint.${rule.code}`));
}

/**
 * What went wrong, in a sentence.
 * @param {import("./failure.js").Failure} failure
 */
export function explain(failure) {
  const key = `error.${failure.code}`;
  return t(known(key) ? key : "error.internal", failure.values);
}

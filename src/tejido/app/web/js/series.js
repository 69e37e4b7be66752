/**
 * Several photos of one lesion: how far their answers lie apart. The most suspicious one counts, not their mean.
 */

/**
 * @typedef {import("./server.js").Answer} Answer
 * @typedef {import("./server.js").Card} Card
 *
 * @typedef {object} Series
 * @property {number} judged photos that were not refused
 * @property {number} refused
 * @property {string} label the positive one if any photo has it, otherwise the most frequent
 * @property {number} votes photos that have this label
 * @property {number} low smallest probability of the label among the photos
 * @property {number} high largest
 */

/**
 * @param {Card} card
 * @param {Answer[]} answers
 * @returns {Series | null} null with fewer than two photos that were judged
 */
export function series(card, answers) {
  const judged = answers.filter((answer) => !answer.refused);
  if (judged.length < 2) return null;
  const votes = (/** @type {string} */ name) => judged.filter((answer) => answer.label === name).length;
  const names = card.labels.map((label) => label.name);
  const frequent = names.reduce((best, name) => (votes(name) > votes(best) ? name : best));
  const label = card.positive && votes(card.positive) > 0 ? card.positive : frequent;
  const asked = card.positive ?? label;
  const values = judged.map((answer) => answer.probabilities[asked]);
  return {
    judged: judged.length,
    refused: answers.length - judged.length,
    label,
    votes: votes(label),
    low: Math.min(...values),
    high: Math.max(...values),
  };
}

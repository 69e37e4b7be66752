/**
 * From the outputs of a model file to an answer, as Python's runtime makes it: the graph computes, here it is only compared.
 */
import { Failure } from "../failure.js";

/**
 * @typedef {import("../server.js").Card} Card
 * @typedef {import("../server.js").Answer} Answer
 * @typedef {{data: ArrayLike<number>, dims: readonly number[]}} Output
 */

/**
 * @param {Card} card
 * @param {string} model
 * @param {Record<string, Output>} outputs of the graph, by name
 * @returns {Answer}
 * @throws {Failure} `unusable_model` where an output is no number
 */
export function answerOf(card, model, outputs) {
  const read = new Set(["probabilities", "quality", ...card.refusal.map((rule) => rule.output)]);
  for (const name of read) {
    if (!Array.from(outputs[name].data).every(Number.isFinite)) throw new Failure("unusable_model");
  }
  const names = card.labels.map((label) => label.name);
  const probabilities = Object.fromEntries(names.map((name, i) => [name, outputs.probabilities.data[i]]));
  const label = decide(card, probabilities);
  const reason = card.refusal.find((rule) => outputs[rule.output].data[rule.index] > rule.above)?.code ?? null;
  return {
    label,
    probabilities,
    refused: reason !== null,
    reason,
    quality: Object.fromEntries(card.quality.map((name, i) => [name, outputs.quality.data[i]])),
    model,
    mask: outputs.mask ? runsOf(outputs.mask) : null,
    heatmap: outputs.heatmap ? { rows: layer(outputs.heatmap, names.indexOf(label)), frame: card.frame } : null,
  };
}

/**
 * @param {Card} card
 * @param {Record<string, number>} probabilities
 */
function decide(card, probabilities) {
  const names = Object.keys(probabilities);
  if (card.positive === null) return names.reduce((best, name) => (probabilities[name] > probabilities[best] ? name : best));
  if (probabilities[card.positive] >= card.thresholds[card.positive]) return card.positive;
  return /** @type {string} */ (names.find((name) => name !== card.positive));
}

/**
 * A mask `[H, W]` of 0 and 1 as lengths of runs, row by row, beginning outside.
 * @param {Output} output
 */
function runsOf({ data, dims: [height, width] }) {
  const runs = [0];
  let inside = 0;
  for (let i = 0; i < data.length; i += 1) {
    if (data[i] === inside) runs[runs.length - 1] += 1;
    else {
      inside = 1 - inside;
      runs.push(1);
    }
  }
  return { width, height, runs };
}

/**
 * One layer of `[C, h, w]` as rows.
 * @param {Output} output
 * @param {number} index
 */
function layer({ data, dims: [, height, width] }, index) {
  const start = index * height * width;
  const row = (/** @type {number} */ y) => Array.from({ length: width }, (_, x) => data[start + y * width + x]);
  return Array.from({ length: height }, (_, y) => row(y));
}

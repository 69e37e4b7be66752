/**
 * The server that the page comes from, as a place where answers are computed.
 */
import { ask } from "./ask.js";
import { Failure } from "./failure.js";

/**
 * @typedef {{name: string, en: string, es: string}} Label
 * @typedef {{code: string, output: string, index: number, above: number}} RefusalRule
 * @typedef {{source: string, images: number, groups: number, licence: string, attribution: string}} TrainingData
 * @typedef {{name: string, choices: {name: string, en: string, es: string}[] | null}} Input
 *
 * Test pictures with similar scores, and the share of them that was positive.
 * @typedef {{low: number, high: number, images: number, positive: {value: number, low: number | null, high: number | null}}} Band
 *
 * @typedef {object} Card
 * @property {"classification" | "segmentation"} kind
 * @property {string} task
 * @property {string} modality
 * @property {Label[]} labels
 * @property {string | null} positive
 * @property {Record<string, number>} thresholds
 * @property {"centre_square" | "whole"} frame
 * @property {string[]} quality
 * @property {RefusalRule[]} refusal
 * @property {TrainingData[]} training_data
 * @property {Record<string, unknown>} metrics
 * @property {{bands?: Band[], sets?: {coverage: number, least: Record<string, number>}}} operating
 * @property {Record<string, string>} intended_use
 * @property {string} licence
 * @property {string} created
 * @property {Input[]} inputs
 * @property {{width: number, height: number} | null} patches
 *
 * @typedef {{name: string, bundled: boolean, size_bytes: number, sha256: string, card: Card | null, error: string | null}} Model
 * @typedef {{default: string, max_upload_bytes: number, cases: boolean, models: Model[]}} Library
 *
 * Lengths of runs of pixels outside and inside the lesion in turn, row by row, beginning outside.
 * @typedef {{width: number, height: number, runs: number[]}} Mask
 *
 * @typedef {object} Answer
 * @property {string} label
 * @property {Record<string, number>} probabilities
 * @property {boolean} refused
 * @property {string | null} reason
 * @property {Record<string, number>} quality
 * @property {string} model
 * @property {{rows: number[][], frame: "centre_square" | "whole"} | null} heatmap
 * @property {unknown} [possible] of the server alone: the page compares for itself
 * @property {Mask | null} mask where the model sees the lesion, if it outlines one
 *
 * What is asked: `box` is the part of the upright picture that counts, `told` what is known beside it.
 * @typedef {{picture: Blob, box: import("./device/decode.js").Box | null, model: Model, card: Card, told: Record<string, string>}} Asked
 *
 * An engine computes answers, all of them the same ones; see `places.js`.
 * @typedef {object} Engine
 * @property {(asked: Asked, signal: AbortSignal) => Promise<Answer>} classify
 */

/** @type {Engine} */
export const server = {
  async classify({ picture, box, model, told }, signal) {
    const body = box ? await cut(picture, box) : picture;
    const query = new URLSearchParams({ model: model.name, heatmap: "true", mask: "true", ...told });
    const headers = { "Content-Type": "application/octet-stream" };
    return ask(`api/v1/classify?${query}`, { method: "POST", body, headers, signal });
  },
};

/**
 * A part of a picture, without loss.
 * @param {Blob} picture
 * @param {import("./device/decode.js").Box} box
 */
export async function cut(picture, { left, top, width, height }) {
  const part = await createImageBitmap(picture, left, top, width, height, { colorSpaceConversion: "none" });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d")?.drawImage(part, 0, 0);
  part.close();
  const made = await new Promise((/** @type {(made: Blob | null) => void} */ resolve) => canvas.toBlob(resolve, "image/png"));
  if (!made) throw new Failure("no_memory");
  return made;
}

/**
 * The models that the server has.
 * @returns {Promise<Library>}
 */
export async function library() {
  return ask("api/v1/models", {});
}

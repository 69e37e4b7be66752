/**
 * The worker: decodes and computes beside the page, which stays quick whatever the picture's size.
 */
import { Failure } from "../failure.js";
import { answerOf } from "./answer.js";
import { decode } from "./decode.js";
import { run } from "./runtime.js";

/**
 * @typedef {{id: number, picture: Blob, crop: Box | null, model: {name: string, address: string}, card: import("../server.js").Card,
 *   told: Record<string, string>}} Request
 * @typedef {{left: number, top: number, width: number, height: number}} Box in pixels of the upright picture
 * @typedef {{id: number, answer: import("../server.js").Answer, size: {width: number, height: number}}
 *   | {id: number, failure: string, values: Record<string, string | number>}} Reply
 */

/** Pictures wait for each other: two at once would need the memory of both. */
let last = Promise.resolve();

self.addEventListener("message", ({ data }) => {
  last = last.then(async () => self.postMessage(await reply(data)));
});

/**
 * @param {Request} request
 * @returns {Promise<Reply>}
 */
async function reply({ id, picture, model, card, told }) {
  try {
    const pixels = await decode(picture);
    checkPatches(pixels, card);
    const answer = answerOf(card, model.name, await run(model.address, card, pixels, told));
    return { id, answer, size: { width: pixels.width, height: pixels.height } };
  } catch (error) {
    if (error instanceof Failure) return { id, failure: error.code, values: error.values };
    const memory = error instanceof RangeError || /memory|alloc/i.test(String(error));
    if (!memory) console.error(error);
    return { id, failure: memory ? "no_memory" : "internal_here", values: {} };
  }
}

/**
 * @param {import("./decode.js").Pixels} pixels
 * @param {import("../server.js").Card} card
 */
function checkPatches({ width, height }, { patches }) {
  if (patches && (width < patches.width || height < patches.height)) throw new Failure("too_small", { width, height });
}

/**
 * The worker: decodes and computes beside the page, which stays quick whatever the picture's size.
 */
import { Failure } from "../failure.js";
import { answerOf } from "./answer.js";
import { cropped, decode } from "./decode.js";
import { run } from "./runtime.js";

/**
 * @typedef {{id: number, picture: Blob, box: import("./decode.js").Box | null, model: {name: string, address: string},
 *   card: import("../server.js").Card, told: Record<string, string>}} Request
 * @typedef {{id: number, answer: import("../server.js").Answer}
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
async function reply({ id, picture, box, model, card, told }) {
  try {
    const whole = await decode(picture);
    const pixels = box ? cropped(whole, box) : whole;
    checkPatches(pixels, card);
    const answer = answerOf(card, model.name, await run(model.address, card, pixels, told));
    return { id, answer };
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

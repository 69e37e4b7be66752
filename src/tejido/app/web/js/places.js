/**
 * Where a picture is judged: on this device if it can be, by the server only after the reader has agreed.
 */
import { mayUpload } from "./consent.js";
import { device } from "./device/engine.js";
import { Failure } from "./failure.js";
import { uploadLimit } from "./models.js";
import { server } from "./server.js";

/**
 * @typedef {import("./server.js").Answer} Answer
 * @typedef {"device" | "server"} Place
 */

/** What only this device cannot do; whatever else is wrong with a picture, the server would say the same of it. */
const ONLY_HERE = ["no_runtime", "no_memory", "not_here", "transparent", "altered", "internal_here"];

/** @type {Place} where the next picture is tried first; a device without the runtime does not get it while it is open */
let first = "device";

/**
 * @param {import("./server.js").Asked} asked
 * @param {AbortSignal} signal
 * @returns {Promise<{answer: Answer, place: Place}>}
 * @throws {Failure} also where the reader did not agree: with what this device lacks
 */
export async function classify(asked, signal) {
  let lacking = new Failure("no_runtime");
  if (first === "device") {
    try {
      return { answer: await device.classify(asked, signal), place: "device" };
    } catch (error) {
      if (!(error instanceof Failure) || !ONLY_HERE.includes(error.code)) throw error;
      lacking = error;
    }
  }
  if (!asked.box && asked.picture.size > uploadLimit()) throw new Failure("too_large", { limit: Math.floor(uploadLimit() / 2 ** 20) });
  if (!(await mayUpload(lacking, signal))) throw lacking;
  if (lacking.code === "no_runtime") first = "server";
  return { answer: await server.classify(asked, signal), place: "server" };
}

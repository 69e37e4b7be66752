/**
 * This device as a place where answers are computed: nothing leaves it.
 */
import { Failure } from "../failure.js";

/** @typedef {import("./worker.js").Reply} Reply */

/** @type {Worker | null} */
let worker = null;
let newest = 0;
/** @type {Map<number, {resolve: (answer: import("../server.js").Answer) => void, reject: (error: unknown) => void}>} */
const waiting = new Map();

/** @type {import("../server.js").Engine} */
export const device = {
  classify({ picture, box, model, card, told }, signal) {
    const id = (newest += 1);
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      signal.addEventListener("abort", () => settle(id)?.reject(signal.reason), { once: true });
      const address = new URL(`api/v1/models/${model.name}/file?v=${model.sha256}`, document.baseURI).href;
      started().postMessage({ id, picture, box, model: { name: model.name, address }, card, told });
    });
  },
};

function started() {
  if (worker) return worker;
  worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", (/** @type {MessageEvent<Reply>} */ { data }) => {
    const asked = settle(data.id);
    if ("failure" in data) asked?.reject(new Failure(data.failure, data.values));
    else asked?.resolve(data.answer);
  });
  // A browser without module workers, or a worker that ran out of memory.
  worker.addEventListener("error", () => {
    worker?.terminate();
    worker = null;
    for (const id of [...waiting.keys()]) settle(id)?.reject(new Failure("no_runtime"));
  });
  return worker;
}

/** @param {number} id */
function settle(id) {
  const asked = waiting.get(id);
  waiting.delete(id);
  return asked;
}

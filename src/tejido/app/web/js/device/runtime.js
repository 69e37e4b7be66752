/**
 * Model files in WebAssembly: loaded once, run one picture at a time.
 */
import { Failure } from "../failure.js";

/**
 * @typedef {import("../server.js").Card} Card
 * @typedef {import("./decode.js").Pixels} Pixels
 * @typedef {Record<string, import("./answer.js").Output>} Outputs
 */

const FOLDER = new URL("../../vendor/onnxruntime/", import.meta.url);

/** @type {Promise<any> | null} */
let runtime = null;
/** @type {Map<string, Promise<any>>} by address */
const sessions = new Map();

/**
 * @param {string} address of the model file
 * @param {Card} card
 * @param {Pixels} picture
 * @param {Record<string, string>} told
 * @returns {Promise<Outputs>}
 * @throws {Failure} `no_runtime`, `network`, `unusable_model` or `no_memory`
 */
export async function run(address, card, picture, told) {
  const ort = await (runtime ??= load());
  const session = await sessionOf(ort, address);
  const { width, height, data } = picture;
  try {
    return await session.run({ image: new ort.Tensor("uint8", data, [height, width, 3]), ...beside(ort, card, told) });
  } catch (error) {
    throw new Failure(/memory|alloc/i.test(String(error)) ? "no_memory" : "unusable_model");
  }
}

async function load() {
  try {
    const ort = await import(new URL("ort.wasm.bundle.min.mjs", FOLDER).href);
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = { wasm: new URL("ort-wasm-simd-threaded.wasm", FOLDER).href };
    ort.env.logLevel = "error";
    return ort;
  } catch {
    runtime = null; // it may come the next time
    throw new Failure("no_runtime");
  }
}

/**
 * @param {any} ort
 * @param {string} address
 */
function sessionOf(ort, address) {
  const found = sessions.get(address) ?? open(ort, address);
  sessions.set(address, found);
  found.catch(() => sessions.delete(address));
  return found;
}

/**
 * @param {any} ort
 * @param {string} address
 */
async function open(ort, address) {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) throw new Failure(response?.status === 404 ? "unknown_model" : "network");
  const bytes = new Uint8Array(await response.arrayBuffer());
  try {
    return await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  } catch (error) {
    // The runtime's own files come with the first session; a server without them is no fault of the model.
    throw new Failure(/backend|wasm|fetch/i.test(String(error)) ? "no_runtime" : "unusable_model");
  }
}

/**
 * What is told beside the picture: a number, or the place of a word in the model's vocabulary counted from 1; NaN and 0 where
 * it is unknown.
 * @param {any} ort
 * @param {Card} card
 * @param {Record<string, string>} told
 */
function beside(ort, card, told) {
  const tensor = (/** @type {import("../server.js").Input} */ { name, choices }) => {
    if (!choices) return new ort.Tensor("float32", [told[name] ? Number(told[name]) : NaN], []);
    const code = choices.findIndex((choice) => choice.name === told[name]) + 1;
    return new ort.Tensor("int64", BigInt64Array.of(BigInt(code)), []);
  };
  return Object.fromEntries(card.inputs.map((input) => [input.name, tensor(input)]));
}

/**
 * libjpeg as WebAssembly, for browsers whose own decoder gives other pixels: it gives those of Python's.
 */
import { Failure } from "../failure.js";
import { orientationOf, upright } from "./exif.js";
import { sizeOf } from "./head.js";

const FOLDER = new URL("../../vendor/jpeg/", import.meta.url);

/** @type {Promise<any> | null} */
let loading = null;

/**
 * @param {Uint8Array} bytes a whole JPEG file
 * @returns {Promise<import("./decode.js").Pixels>}
 * @throws {Failure} `unreadable_image`
 */
export async function decodeJpeg(bytes) {
  if (!complete(bytes)) throw new Failure("unreadable_image");
  if (sizeOf(bytes, "jpeg")?.channels === 4) throw new Failure("not_here", { kind: "CMYK" });
  const codec = await (loading ??= load());
  let found;
  try {
    found = codec.decode(bytes, false);
  } catch {
    throw new Failure("unreadable_image");
  }
  if (!found) throw new Failure("unreadable_image");
  const { width, height, data } = found;
  const rgb = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from];
    rgb[to + 1] = data[from + 1];
    rgb[to + 2] = data[from + 2];
  }
  return upright({ width, height, data: rgb }, orientationOf(bytes, "jpeg"));
}

async function load() {
  const { default: codec } = await import(new URL("mozjpeg_dec.js", FOLDER).href);
  return codec({ locateFile: (/** @type {string} */ name) => new URL(name, FOLDER).href });
}

/**
 * Whether the file has its end: the decoder fills what is missing with grey, which nobody should be judged by.
 * @param {Uint8Array} bytes
 */
function complete(bytes) {
  for (let at = bytes.length - 2; at > 2; at -= 1) {
    if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  }
  return false;
}

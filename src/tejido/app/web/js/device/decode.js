/**
 * From a picture file to pixels, the same ones as Python's decoder gives: orientation applied, first frame, alpha dropped,
 * 16-bit samples by their high byte, colour profiles ignored.
 *
 * The browser's own decoder does it, told to leave colours and alpha alone. A test at the start shows whether it does so exactly;
 * for JPEG there is another decoder beside the page otherwise.
 */
import { Failure } from "../failure.js";
import { decodesJpeg, readsPixels } from "./exact.js";
import { orientationOf, upright } from "./exif.js";
import { kindOf, sizeOf } from "./head.js";
import { decodeJpeg } from "./jpeg.js";
import { readPixels } from "./pixels.js";

/**
 * @typedef {{width: number, height: number, data: Uint8Array}} Pixels `data` is RGB, row by row
 * @typedef {{left: number, top: number, width: number, height: number}} Box a part of the upright picture, in pixels
 */

const MAX_PIXELS = 80e6;
const MIN_SIDE = 16;
/** @type {ImageBitmapOptions} */
const RAW = { imageOrientation: "from-image", colorSpaceConversion: "none", premultiplyAlpha: "none" };

/**
 * @param {Blob} picture
 * @returns {Promise<Pixels>}
 * @throws {Failure} with a code that the page has words for
 */
export async function decode(picture) {
  const bytes = new Uint8Array(await picture.arrayBuffer());
  if (bytes.length === 0) throw new Failure("empty");
  const kind = kindOf(bytes);
  if (kind === "heic") throw new Failure("heic");
  if (kind === "tiff" || kind === "dicom") throw new Failure("not_here", { kind: kind.toUpperCase() });
  if (kind === "unknown") throw new Failure("unreadable_image");
  checkSize(sizeOf(bytes, kind));
  const pixels = kind === "jpeg" && !(await decodesJpeg()) ? await decodeJpeg(bytes) : await native(picture);
  const turned = kind === "webp" ? upright(pixels, orientationOf(bytes, kind)) : pixels;
  checkSize(turned);
  return turned;
}

/**
 * By the browser's own decoder.
 * @param {Blob} picture
 * @returns {Promise<Pixels>}
 */
async function native(picture) {
  if (!(await readsPixels())) throw new Failure("altered");
  let bitmap;
  try {
    bitmap = await createImageBitmap(picture, RAW);
  } catch {
    throw new Failure("unreadable_image");
  }
  try {
    return await readPixels(bitmap);
  } finally {
    bitmap.close();
  }
}

/**
 * @param {Pixels} picture
 * @param {Box} box within it
 * @returns {Pixels}
 */
export function cropped({ width: row, data }, { left, top, width, height }) {
  const part = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y += 1) {
    const start = 3 * ((top + y) * row + left);
    part.set(data.subarray(start, start + 3 * width), 3 * width * y);
  }
  checkSize({ width, height });
  return { width, height, data: part };
}

/** @param {import("./head.js").Size | null} size */
function checkSize(size) {
  if (!size) throw new Failure("unreadable_image");
  const { width, height } = size;
  if (width * height > MAX_PIXELS) throw new Failure("too_many_pixels");
  if (Math.min(width, height) < MIN_SIDE) throw new Failure("too_small", { width, height });
}

/**
 * How the camera was held. Browsers turn most pictures upright themselves, but not WebP.
 */
import { jpegSegments } from "./head.js";

const ORIENTATION = 0x0112;

/**
 * @param {Uint8Array} bytes a whole JPEG or WebP file
 * @param {import("./head.js").Kind} kind
 * @returns {number} EXIF orientation, 1 to 8; 1 where nothing is said
 */
export function orientationOf(bytes, kind) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const block = kind === "jpeg" ? inJpeg(view) : kind === "webp" ? inWebp(view) : null;
    const found = block ? inTiff(new DataView(bytes.buffer, bytes.byteOffset + block.start, block.end - block.start)) : 1;
    return found >= 1 && found <= 8 ? found : 1;
  } catch (error) {
    if (error instanceof RangeError) return 1; // a malformed block says nothing
    throw error;
  }
}

/** @param {DataView} view */
function inJpeg(view) {
  for (const { marker, start, end } of jpegSegments(view)) {
    if (marker === 0xe1 && view.getUint32(start) === 0x45786966) return { start: start + 6, end }; // "Exif\0\0"
  }
  return null;
}

/** @param {DataView} view */
function inWebp(view) {
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    if (view.getUint32(at) === 0x45584946) {
      const prefixed = view.getUint32(start) === 0x45786966; // some writers put JPEG's "Exif\0\0" in front
      return { start: prefixed ? start + 6 : start, end: start + size };
    }
    at = start + size + (size % 2);
  }
  return null;
}

/** @param {DataView} view */
function inTiff(view) {
  const little = view.getUint16(0) === 0x4949;
  const directory = view.getUint32(4, little);
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i += 1) {
    const entry = directory + 2 + 12 * i;
    if (view.getUint16(entry, little) === ORIENTATION) return view.getUint16(entry + 8, little);
  }
  return 1;
}

/**
 * Turn pixels upright.
 * @param {import("./decode.js").Pixels} picture
 * @param {number} orientation
 * @returns {import("./decode.js").Pixels}
 */
export function upright({ width, height, data }, orientation) {
  if (orientation === 1) return { width, height, data };
  const across = orientation > 4; // rows become columns
  const mirrored = [2, 3, 7, 8].includes(orientation); // counted from the right
  const below = [3, 4, 6, 7].includes(orientation); // counted from the bottom
  const [w, h] = across ? [height, width] : [width, height];
  const turned = new Uint8Array(data.length);
  let to = 0;
  for (let y = 0; y < h; y += 1) {
    for (let x = 0; x < w; x += 1) {
      const [along, down] = across ? [y, x] : [x, y];
      const column = mirrored ? width - 1 - along : along;
      const row = below ? height - 1 - down : down;
      const from = 3 * (row * width + column);
      turned[to] = data[from];
      turned[to + 1] = data[from + 1];
      turned[to + 2] = data[from + 2];
      to += 3;
    }
  }
  return { width: w, height: h, data: turned };
}

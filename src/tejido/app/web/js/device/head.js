/**
 * What the first bytes of a picture file say: its kind and its size, before anything is decoded.
 */

/**
 * @typedef {"jpeg" | "png" | "webp" | "gif" | "bmp" | "tiff" | "dicom" | "heic" | "unknown"} Kind
 * @typedef {{width: number, height: number, channels?: number}} Size as stored, before it is turned upright
 */

/**
 * @param {Uint8Array} head at least the first 132 bytes, or the whole of a shorter file
 * @returns {Kind}
 */
export function kindOf(head) {
  const text = (/** @type {number} */ from, /** @type {number} */ to) => String.fromCharCode(...head.subarray(from, to));
  if (text(128, 132) === "DICM") return "dicom";
  if (text(0, 3) === "\xff\xd8\xff") return "jpeg";
  if (text(0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (text(0, 4) === "RIFF" && text(8, 12) === "WEBP") return "webp";
  if (text(0, 6) === "GIF87a" || text(0, 6) === "GIF89a") return "gif";
  if (text(0, 2) === "BM") return "bmp";
  if (["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(text(0, 4))) return "tiff";
  if (/^ftyp(hei[cxms]|hev[cx]|mif1|msf1)/.test(text(4, 12))) return "heic";
  return "unknown";
}

/**
 * The size that the header states; null where it states none.
 * @param {Uint8Array} bytes the whole file
 * @param {Kind} kind
 * @returns {Size | null}
 */
export function sizeOf(bytes, kind) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (kind === "jpeg") return jpegSize(view);
    if (kind === "png") return { width: view.getUint32(16), height: view.getUint32(20) };
    if (kind === "gif") return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    if (kind === "bmp") return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
    if (kind === "webp") return webpSize(view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the file ends within its header
  }
  return null;
}

/** @param {DataView} view */
function jpegSize(view) {
  for (const { marker, start } of jpegSegments(view)) {
    const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (frame) {
      return { width: view.getUint16(start + 3), height: view.getUint16(start + 1), channels: view.getUint8(start + 5) };
    }
  }
  return null;
}

/**
 * The segments of a JPEG before its pixels.
 * @param {DataView} view
 * @returns {Generator<{marker: number, start: number, end: number}>}
 */
export function* jpegSegments(view) {
  let at = 2;
  while (at + 4 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at += 1; // padding
    else if (marker === 0xda || marker === 0xd9) return;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2; // no length follows
    else {
      const end = at + 2 + view.getUint16(at + 2);
      yield { marker, start: at + 4, end };
      at = end;
    }
  }
}

/** @param {DataView} view */
function webpSize(view) {
  const kind = String.fromCharCode(...[12, 13, 14, 15].map((place) => view.getUint8(place)));
  const three = (/** @type {number} */ place) => view.getUint16(place, true) | (view.getUint8(place + 2) << 16);
  if (kind === "VP8X") return { width: 1 + three(24), height: 1 + three(27) };
  if (kind === "VP8 ") return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (kind !== "VP8L") return null;
  const bits = view.getUint32(21, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

/**
 * Whether this browser gives pixels as they are: its JPEG decoder may be another than Python's, and some browsers change what
 * is read from a canvas, against being recognised by it. Found out once, with a small picture of which the pixels are known.
 */
import { readPixels } from "./pixels.js";

/** 21 x 19 pixels with halved colour, so that rounding and upsampling show. */
const PICTURE =
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAoHBwgHBgoICAgLCgoLDhgQDg0NDh0VFhEYIx8lJCIfIiEmKzcvJik0KSEiMEExNDk7Pj4+JS5ESUM8SDc9Pjv/" +
  "2wBDAQoLCw4NDhwQEBw7KCIoOzs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozv/wAARCAATABUDASIAAhEBAxEB/8QA" +
  "GAABAQEBAQAAAAAAAAAAAAAAAAUDBAL/xAApEAABAwMDAwIHAAAAAAAAAAABAgMEAAUREiFBBjFhUfATJDJxcrHh/8QAGQEAAQUAAAAAAAAAAAAAAAAABgECAwQF" +
  "/8QAIREAAgIBAwUBAAAAAAAAAAAAAQIAAwQFEyERElGB4TH/2gAMAwEAAhEDEQA/AMX510udtQlKFYUOcDHr78146e6XlSJKnZkrSnurA243/vj71Uf6kit24phR" +
  "jkjI0gaR59molrmXm6TEttNhvc5O/btxtt7PoumborYKoQSfIF5yaexQg6e5cuVttMd1LbkhtJGc/GCic8/SoUrnmdJ3CSpDjigolIGlW5GwzxSiyqysIAbj6mPl" +
  "irffuu56+Ps2s1qguWmG6uMgrc06lcnPf91Qtyyw4Q1hICwNgOxBzSlAmKxJYE+Ja1AltQoDcj6Zy3CZJMxfzDg/FRHjilKUe0VptLwPyMuRdw8T/9k=";
/** FNV-1a of its pixels. */
const SUM = 0xf7d9f054;

/** @type {Promise<boolean> | null} */
let jpeg = null;
/** @type {Promise<boolean> | null} */
let canvas = null;

/** Whether the browser's JPEG decoder gives the pixels of Python's. */
export function decodesJpeg() {
  return (jpeg ??= (async () => {
    const bytes = Uint8Array.from(atob(PICTURE), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes]), { colorSpaceConversion: "none" });
    const { data } = await readPixels(bitmap);
    return sum(data) === SUM;
  })().catch(() => false));
}

/** Whether pixels come back from a canvas as they went in. */
export function readsPixels() {
  return (canvas ??= (async () => {
    const given = new ImageData(32, 32);
    for (let i = 0; i < given.data.length; i += 1) given.data[i] = i % 4 === 3 ? 255 : (i * 31 + (i >> 6)) % 256;
    const { data } = await readPixels(await createImageBitmap(given));
    return data.every((value, i) => value === given.data[4 * Math.floor(i / 3) + (i % 3)]);
  })().catch(() => false));
}

/** @param {Uint8Array} bytes */
function sum(bytes) {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

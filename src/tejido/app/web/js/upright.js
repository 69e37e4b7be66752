/**
 * Pictures that browsers show as they lie, because they look for the camera's position in JPEG and PNG alone.
 */
import { orientationOf } from "./device/exif.js";
import { kindOf } from "./device/head.js";

/**
 * A picture that the browser shows as the models see it: nearly always the same one.
 * @param {Blob} picture
 * @returns {Promise<Blob>}
 */
export async function uprightPreview(picture) {
  const head = new Uint8Array(await picture.slice(0, 132).arrayBuffer());
  if (kindOf(head) !== "webp") return picture;
  const side = orientationOf(new Uint8Array(await picture.arrayBuffer()), "webp");
  if (side === 1) return picture;
  const bitmap = await createImageBitmap(picture);
  const { width, height } = bitmap;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = side > 4 ? [height, width] : [width, height];
  const context = canvas.getContext("2d");
  context?.setTransform(.../** @type {[number, number, number, number, number, number]} */ (matrix(side, width, height)));
  context?.drawImage(bitmap, 0, 0);
  return await new Promise((resolve) => canvas.toBlob((made) => resolve(made ?? picture), "image/png"));
}

/**
 * From the stored picture to the upright one.
 * @param {number} side EXIF orientation, 2 to 8
 * @param {number} w
 * @param {number} h
 */
function matrix(side, w, h) {
  return [
    [-1, 0, 0, 1, w, 0],
    [-1, 0, 0, -1, w, h],
    [1, 0, 0, -1, 0, h],
    [0, 1, 1, 0, 0, 0],
    [0, 1, -1, 0, h, 0],
    [0, -1, -1, 0, h, w],
    [0, -1, 1, 0, 0, w],
  ][side - 2];
}

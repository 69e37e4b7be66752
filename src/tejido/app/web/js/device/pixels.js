/**
 * Reading a bitmap's pixels back, without a copy in four channels that a phone has no memory for.
 */
import { Failure } from "../failure.js";

const STRIP = 2 ** 21;
const TILE = 2048;

/** @typedef {import("./decode.js").Pixels} Pixels */

/**
 * @param {ImageBitmap} bitmap not premultiplied
 * @returns {Promise<Pixels>}
 * @throws {Failure} `no_memory`, or `transparent` where this browser can read transparent pictures only roughly
 */
export async function readPixels(bitmap) {
  const { width, height } = bitmap;
  const picture = { width, height, data: room(3 * width * height) };
  // A canvas multiplies colours by alpha, a texture does not; but not every device has textures.
  if (!fromCanvas(bitmap, picture)) await fromTextures(bitmap, picture);
  return picture;
}

/**
 * Strip by strip.
 * @param {ImageBitmap} bitmap
 * @param {Pixels} into
 * @returns {boolean} whether the picture is opaque; otherwise what was read is of no use
 */
function fromCanvas(bitmap, into) {
  const { width, height } = bitmap;
  const rows = Math.min(height, Math.max(1, Math.floor(STRIP / width)));
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Failure("no_memory");
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -top);
    const strip = context.getImageData(0, 0, width, count).data;
    for (let from = 3; from < strip.length; from += 4) {
      if (strip[from] !== 255) return false;
    }
    copy(strip, into, { left: 0, top, width, height: count });
  }
  return true;
}

/**
 * Tile by tile.
 * @param {ImageBitmap} bitmap
 * @param {Pixels} into
 */
async function fromTextures(bitmap, into) {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl) throw new Failure("transparent");
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  const tile = new Uint8Array(4 * TILE * TILE);
  for (let top = 0; top < bitmap.height; top += TILE) {
    for (let left = 0; left < bitmap.width; left += TILE) {
      const width = Math.min(TILE, bitmap.width - left);
      const height = Math.min(TILE, bitmap.height - top);
      const part = await createImageBitmap(bitmap, left, top, width, height, { premultiplyAlpha: "none" });
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, part);
      part.close();
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
      gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, tile);
      if (gl.getError() !== gl.NO_ERROR) throw new Failure("no_memory");
      copy(tile, into, { left, top, width, height });
    }
  }
  gl.getExtension("WEBGL_lose_context")?.loseContext(); // browsers allow only a few at once
}

/**
 * @param {Uint8Array | Uint8ClampedArray} rgba of the rectangle
 * @param {Pixels} into
 * @param {{left: number, top: number, width: number, height: number}} rectangle
 */
function copy(rgba, into, { left, top, width, height }) {
  let from = 0;
  for (let row = top; row < top + height; row += 1) {
    let to = 3 * (row * into.width + left);
    for (let column = 0; column < width; column += 1) {
      into.data[to] = rgba[from];
      into.data[to + 1] = rgba[from + 1];
      into.data[to + 2] = rgba[from + 2];
      from += 4;
      to += 3;
    }
  }
}

/** @param {number} bytes */
function room(bytes) {
  try {
    return new Uint8Array(bytes);
  } catch {
    throw new Failure("no_memory");
  }
}

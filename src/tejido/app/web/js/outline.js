/**
 * Where the model sees the lesion: a line on a canvas that lies on the picture.
 */
import { byId } from "./dom.js";

const LARGEST = 640;
const row = byId("outline", HTMLElement);
const toggle = byId("outline-on", HTMLInputElement);
const canvas = byId("outline-line", HTMLCanvasElement);

toggle.addEventListener("change", () => {
  canvas.hidden = !toggle.checked;
});

/**
 * Show the outline, unless the reader has switched outlines off.
 * @param {import("./server.js").Mask} mask
 */
export function offerOutline(mask) {
  const scale = Math.min(1, LARGEST / Math.max(mask.width, mask.height));
  canvas.width = Math.max(1, Math.round(mask.width * scale));
  canvas.height = Math.max(1, Math.round(mask.height * scale));
  const inside = reduced(mask, canvas.width, canvas.height);
  const context = canvas.getContext("2d");
  if (!context) return;
  const width = Math.max(1, Math.round(Math.max(canvas.width, canvas.height) / 200));
  // Dark below light, so that it shows on any skin.
  for (const [colour, reach] of /** @type {[string, number][]} */ ([["#1b2126", width + 1], ["#ffffff", width / 2]])) {
    context.fillStyle = colour;
    for (const [x, y] of edges(inside, canvas.width, canvas.height)) context.fillRect(x - reach, y - reach, 2 * reach, 2 * reach);
  }
  row.hidden = false;
  canvas.hidden = !toggle.checked;
}

/** Take the outline away. */
export function removeOutline() {
  row.hidden = true;
  canvas.hidden = true;
}

/**
 * The mask at another size, by nearest pixels.
 * @param {import("./server.js").Mask} mask
 * @param {number} width
 * @param {number} height
 */
function reduced({ width: from, height: down, runs }, width, height) {
  const full = new Uint8Array(from * down);
  let at = 0;
  runs.forEach((length, i) => {
    full.fill(i % 2, at, at + length);
    at += length;
  });
  const small = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const line = Math.floor(((y + 0.5) * down) / height) * from;
    for (let x = 0; x < width; x += 1) small[y * width + x] = full[line + Math.floor(((x + 0.5) * from) / width)];
  }
  return small;
}

/**
 * Corners of pixels at which inside and outside meet.
 * @param {Uint8Array} inside
 * @param {number} width
 * @param {number} height
 */
function* edges(inside, width, height) {
  for (let y = 1; y < height; y += 1) {
    for (let x = 1; x < width; x += 1) {
      const here = inside[y * width + x];
      if (here !== inside[y * width + x - 1] || here !== inside[(y - 1) * width + x]) yield [x, y];
    }
  }
}

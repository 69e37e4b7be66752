/**
 * The heatmap over the picture: drawn once on a canvas that lies on the part of the picture that the model saw.
 */
import { byId } from "./dom.js";
import { smooth } from "./smooth.js";

const SIZE = 256;
const STRONGEST = 0.9; // the picture stays visible under the highest value
/** From little to much; the same colours as `.ramp` in picture.css. Violet to yellow stands out on skin. */
const COLOURS = [
  [63, 42, 140],
  [150, 40, 145],
  [226, 86, 92],
  [252, 206, 62],
];

const box = byId("heatmap", HTMLElement);
const more = byId("heatmap-more", HTMLElement);
const toggle = byId("heatmap-on", HTMLInputElement);
const opacity = byId("opacity", HTMLInputElement);
const canvas = byId("overlay", HTMLCanvasElement);
const frameNote = byId("heatmap-frame", HTMLElement);

toggle.addEventListener("change", follow);
opacity.addEventListener("input", follow);

/**
 * Offer the heatmap, off at first.
 * @param {{rows: number[][], frame: "centre_square" | "whole"}} heatmap
 * @param {{width: number, height: number}} picture its upright size
 */
export function offerHeatmap(heatmap, picture) {
  place(heatmap.frame, picture);
  draw(heatmap.rows);
  frameNote.hidden = heatmap.frame === "whole";
  box.hidden = false;
}

/** Take the heatmap away; the next one begins switched off. */
export function removeHeatmap() {
  toggle.checked = false;
  box.hidden = true;
  follow();
}

function follow() {
  canvas.hidden = !toggle.checked;
  more.hidden = !toggle.checked;
  canvas.style.setProperty("--opacity", String(Number(opacity.value) / 100));
}

/**
 * @param {"centre_square" | "whole"} frame
 * @param {{width: number, height: number}} picture
 */
function place(frame, { width, height }) {
  const side = Math.min(width, height);
  const w = frame === "whole" ? width : side;
  const h = frame === "whole" ? height : side;
  canvas.style.left = `${(50 * (width - w)) / width}%`;
  canvas.style.top = `${(50 * (height - h)) / height}%`;
  canvas.style.width = `${(100 * w) / width}%`;
  canvas.style.height = `${(100 * h) / height}%`;
  canvas.dataset.frame = frame;
}

/** @param {number[][]} rows */
function draw(rows) {
  canvas.width = SIZE;
  canvas.height = SIZE;
  const pixels = new ImageData(SIZE, SIZE);
  smooth(rows, SIZE).forEach((value, i) => {
    pixels.data.set([...colour(value), 255 * STRONGEST * value ** 0.8], 4 * i);
  });
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
}

/** @param {number} value */
function colour(value) {
  const place = value * (COLOURS.length - 1);
  const k = Math.min(COLOURS.length - 2, Math.floor(place));
  return COLOURS[k].map((from, c) => from + (place - k) * (COLOURS[k + 1][c] - from));
}

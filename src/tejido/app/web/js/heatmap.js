/**
 * The heatmap over the picture: drawn once on a canvas that lies on the part of the picture that the model saw.
 */
import { byId } from "./dom.js";
import { smooth } from "./smooth.js";

const SIZE = 256;
/**
 * Value, red, green, blue, opacity: from nothing over amber to dark red, the same as in the terminal's overlays and
 * as `.ramp` in picture.css. Darker means more, so it can be read without hue, and the lesion shows through.
 */
const COLOURS = [
  [0, 255, 190, 0, 0],
  [0.5, 255, 150, 0, 0.55],
  [1, 190, 0, 50, 1],
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
  smooth(rows, SIZE).forEach((value, i) => pixels.data.set(colour(value), 4 * i));
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
}

/**
 * @param {number} value in 0..1
 * @returns {number[]} red, green, blue, alpha, each in 0..255
 */
function colour(value) {
  const [from, to] = value < COLOURS[1][0] ? COLOURS : COLOURS.slice(1);
  const mix = from.map((start, c) => start + ((value - from[0]) / (to[0] - from[0])) * (to[c] - start));
  return [mix[1], mix[2], mix[3], 255 * mix[4]];
}

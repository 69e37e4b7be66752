/**
 * Cropping by hand: a square that is moved with the pointer or the arrow keys and sized with a slider.
 */
import { byId } from "./dom.js";
import { t } from "./i18n.js";

/** @typedef {import("./device/decode.js").Box} Box */

const frame = byId("frame", HTMLElement);
const box = byId("crop-box", HTMLElement);
const tools = byId("crop-tools", HTMLElement);
const size = byId("crop-size", HTMLInputElement);

/** Smallest side that a crop may have; models look at 128 pixels or so. */
const SMALLEST = 64;

/** @type {{width: number, height: number}} */
let picture = { width: 1, height: 1 };
/** Centre and side of the square, in pixels. */
let square = { x: 0, y: 0, side: 1 };
/** @type {(chosen: Box | null) => void} */
let finish = () => {};

/** @param {{width: number, height: number}} of */
export function canCrop({ width, height }) {
  return Math.min(width, height) >= 2 * SMALLEST;
}

/**
 * Let the reader choose a part of the picture that is shown whole.
 * @param {{width: number, height: number}} of its upright size
 * @returns {Promise<Box | null>} null where the reader gave up, or another picture came
 */
export function chooseCrop(of) {
  finish(null);
  picture = of;
  const shortest = Math.min(of.width, of.height);
  square = { x: of.width / 2, y: of.height / 2, side: Math.round(shortest / 2) };
  size.min = String(Math.ceil((100 * SMALLEST) / shortest));
  size.value = "50";
  box.hidden = tools.hidden = false;
  place();
  box.focus();
  return new Promise((resolve) => {
    finish = (chosen) => {
      box.hidden = tools.hidden = true;
      finish = () => {};
      resolve(chosen);
    };
  });
}

/** Give up what is being chosen. */
export function cancelCrop() {
  finish(null);
}

/** @returns {Box} */
function chosen() {
  const side = Math.round(square.side);
  return { left: Math.round(square.x - side / 2), top: Math.round(square.y - side / 2), width: side, height: side };
}

/** Keep the square inside the picture and show where it lies. */
function place() {
  const half = square.side / 2;
  square.x = Math.min(Math.max(square.x, half), picture.width - half);
  square.y = Math.min(Math.max(square.y, half), picture.height - half);
  const share = (/** @type {number} */ value, /** @type {number} */ of) => `${(100 * value) / of}%`;
  box.style.left = share(square.x - half, picture.width);
  box.style.top = share(square.y - half, picture.height);
  box.style.width = share(square.side, picture.width);
  box.style.height = share(square.side, picture.height);
  const [across, down] = [square.x / picture.width, square.y / picture.height].map((part) => Math.round(100 * part));
  box.setAttribute("aria-valuetext", t("crop.where", { across, down }));
  box.setAttribute("aria-valuenow", String(across));
}

size.addEventListener("input", () => {
  square.side = (Number(size.value) / 100) * Math.min(picture.width, picture.height);
  place();
});

box.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  box.setPointerCapture(event.pointerId);
  const { width, height } = frame.getBoundingClientRect();
  const start = { ...square, left: event.clientX, top: event.clientY };
  const move = (/** @type {PointerEvent} */ { clientX, clientY }) => {
    square.x = start.x + ((clientX - start.left) * picture.width) / width;
    square.y = start.y + ((clientY - start.top) * picture.height) / height;
    place();
  };
  box.addEventListener("pointermove", move);
  const stop = () => box.removeEventListener("pointermove", move);
  box.addEventListener("lostpointercapture", stop, { once: true });
});

box.addEventListener("keydown", (event) => {
  const step = (event.shiftKey ? 0.1 : 0.02) * Math.min(picture.width, picture.height);
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const move = moves[/** @type {keyof typeof moves} */ (event.key)];
  if (move) {
    square.x += move[0] * step;
    square.y += move[1] * step;
    place();
  } else if (event.key === "Enter") finish(chosen());
  else if (event.key === "Escape") finish(null);
  else return;
  event.preventDefault();
});

byId("crop-use", HTMLButtonElement).addEventListener("click", () => finish(chosen()));
byId("crop-cancel", HTMLButtonElement).addEventListener("click", () => finish(null));

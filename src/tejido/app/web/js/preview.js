/**
 * The picture on the page. An <img> over an object URL: decoded off the main thread and turned upright by the browser,
 * however large it is.
 */
import { byId } from "./dom.js";

const image = byId("preview", HTMLImageElement);
const stage = byId("stage", HTMLElement);
const frame = byId("frame", HTMLElement);
let url = "";

/**
 * Show a picture in place of the last one.
 * @param {Blob} picture
 * @returns {Promise<{width: number, height: number} | null>} its upright size, or null where the browser cannot read it
 *   or another picture has taken its place
 */
export async function showPreview(picture) {
  const mine = URL.createObjectURL(picture);
  URL.revokeObjectURL(url);
  url = mine;
  stage.dataset.state = "loading";
  image.src = mine;
  try {
    await image.decode();
  } catch {
    if (url === mine) stage.dataset.state = "hidden";
    return null;
  }
  if (url !== mine) return null;
  stage.dataset.state = "shown";
  const size = { width: image.naturalWidth, height: image.naturalHeight };
  // The frame takes the picture's shape, so that an overlay can be placed in percent of it.
  frame.style.setProperty("--ratio", String(size.width / size.height));
  return size;
}

/** Back to the invitation, where no picture could be shown; a picture that is shown stays. */
export function dropUnshown() {
  if (stage.dataset.state !== "shown") stage.dataset.state = "empty";
}

/**
 * What a screen reader says of the picture.
 * @param {string} text
 */
export function describePreview(text) {
  image.alt = text;
}

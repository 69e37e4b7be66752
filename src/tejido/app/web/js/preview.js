/**
 * The picture on the page. An <img> over an object URL: decoded off the main thread and turned upright by the browser,
 * however large it is.
 */
import { byId } from "./dom.js";

const image = byId("preview", HTMLImageElement);
const stage = byId("stage", HTMLElement);
const frame = byId("frame", HTMLElement);

/**
 * Show a picture in place of the last one.
 * @param {string} address
 * @param {import("./device/decode.js").Box | null} box the part of it to show
 * @returns {Promise<{width: number, height: number} | null>} the size of what is shown, or null where the browser cannot
 *   read it or another picture has taken its place
 */
export async function showPreview(address, box) {
  if (image.getAttribute("src") !== address) {
    stage.dataset.state = "loading";
    image.src = address;
  }
  try {
    await image.decode();
  } catch {
    if (image.getAttribute("src") === address) stage.dataset.state = "hidden";
    return null;
  }
  if (image.getAttribute("src") !== address) return null;
  stage.dataset.state = "shown";
  const size = { width: image.naturalWidth, height: image.naturalHeight };
  const part = box ?? { left: 0, top: 0, ...size };
  // The frame takes the part's shape, so that an overlay can be placed in percent of it.
  const place = {
    "--ratio": part.width / part.height,
    "--width": size.width / part.width,
    "--left": -part.left / part.width,
    "--top": -part.top / part.height,
  };
  for (const [name, value] of Object.entries(place)) frame.style.setProperty(name, String(value));
  return { width: part.width, height: part.height };
}

/** Back to the invitation. */
export function hidePreview() {
  image.removeAttribute("src");
  stage.dataset.state = "empty";
}

/**
 * What a screen reader says of the picture.
 * @param {string} text
 */
export function describePreview(text) {
  image.alt = text;
}

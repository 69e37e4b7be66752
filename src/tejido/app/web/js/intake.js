/**
 * The ways a picture comes in: file picker, drag and drop anywhere on the page, paste.
 */
import { byId } from "./dom.js";

/**
 * @param {(pictures: File[], add: boolean) => void} onPictures `add`: of the same lesion as those before
 * @param {(over: boolean) => void} onDrag a file hovers over the page, or has left it
 */
export function takePictures(onPictures, onDrag) {
  const input = byId("file", HTMLInputElement);
  for (const [one, add] of /** @type {[HTMLInputElement, boolean][]} */ ([
    [input, false],
    [byId("camera-file", HTMLInputElement), false],
    [byId("add-file", HTMLInputElement), true],
  ])) {
    one.addEventListener("change", () => {
      const pictures = [...(one.files ?? [])];
      one.value = ""; // so that choosing the same file again counts as a change
      onPictures(pictures, add);
    });
  }

  // A convenience for the pointer; the keyboard has the button.
  const stage = byId("stage", HTMLElement);
  stage.addEventListener("click", () => {
    if (stage.dataset.state === "empty") input.click();
  });

  document.addEventListener("paste", (event) => {
    onPictures([...(event.clipboardData?.files ?? [])], false);
  });

  // Without these a file dropped beside the frame would replace the page.
  let depth = 0;
  const hover = (/** @type {number} */ value) => {
    depth = Math.max(0, value);
    onDrag(depth > 0);
  };
  document.addEventListener("dragenter", (event) => {
    if (carriesFile(event)) hover(depth + 1);
  });
  document.addEventListener("dragleave", (event) => {
    if (carriesFile(event)) hover(depth - 1);
  });
  document.addEventListener("dragover", (event) => {
    if (carriesFile(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    hover(0);
    onPictures([...(event.dataTransfer?.files ?? [])], false);
  });
}

/** @param {DragEvent} event */
function carriesFile(event) {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/**
 * Read one byte: a folder, or a file moved away meanwhile, shows itself here.
 * @param {Blob} picture
 */
export async function readable(picture) {
  try {
    await picture.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether the bytes begin like Apple's HEIC, which many phones send and few programs read.
 * @param {Blob} picture
 */
export async function isHeic(picture) {
  const head = await picture.slice(4, 12).text();
  return /^ftyp(hei|hev|mif1)/.test(head);
}

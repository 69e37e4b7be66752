/**
 * Taking a picture. Phones open their own camera, which takes better pictures than a page can; elsewhere the page shows one.
 */
import { byId } from "./dom.js";
import { Failure } from "./failure.js";

const dialog = byId("camera", HTMLDialogElement);
const video = byId("camera-view", HTMLVideoElement);
const shutter = byId("camera-take", HTMLButtonElement);

/** Whether the page itself can show a camera. */
export const hasCamera = "mediaDevices" in navigator && "getUserMedia" in navigator.mediaDevices;

/**
 * Show the camera and take one picture.
 * @returns {Promise<Blob | null>} null where the reader closed it
 * @throws {Failure} `camera_refused`, `camera_none` or `camera_failed`
 */
export async function takePicture() {
  const stream = await open();
  const [track] = stream.getVideoTracks();
  video.srcObject = stream;
  shutter.disabled = true;
  dialog.returnValue = "";
  dialog.showModal();
  try {
    await video.play();
    shutter.disabled = false;
    await new Promise((resolve) => {
      dialog.addEventListener("close", resolve, { once: true });
      track.addEventListener("ended", () => dialog.close("gone"), { once: true }); // unplugged, or taken by another program
    });
    if (dialog.returnValue === "gone") throw new Failure("camera_failed");
    return dialog.returnValue === "take" ? await still(track) : null;
  } finally {
    for (const one of stream.getTracks()) one.stop();
    video.srcObject = null;
    if (dialog.open) dialog.close();
  }
}

async function open() {
  try {
    const ideal = { facingMode: "environment", width: { ideal: 4096 }, height: { ideal: 2160 } };
    return await navigator.mediaDevices.getUserMedia({ video: ideal, audio: false });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (["NotAllowedError", "SecurityError"].includes(name)) throw new Failure("camera_refused");
    if (["NotFoundError", "OverconstrainedError"].includes(name)) throw new Failure("camera_none");
    throw new Failure("camera_failed");
  }
}

/**
 * One picture: from the camera at its full size where the browser can, otherwise what the view shows, without loss.
 * @param {MediaStreamTrack} track
 * @returns {Promise<Blob>}
 */
async function still(track) {
  if ("ImageCapture" in window) {
    try {
      return await new ImageCapture(track).takePhoto();
    } catch {
      // some cameras give only their view
    }
  }
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  const blob = await new Promise((/** @type {(made: Blob | null) => void} */ resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) throw new Failure("camera_failed");
  return blob;
}

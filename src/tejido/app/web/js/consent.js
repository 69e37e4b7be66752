/**
 * Asking before a picture leaves the device.
 */
import { byId } from "./dom.js";
import { t } from "./i18n.js";

const dialog = byId("consent", HTMLDialogElement);
const reason = byId("consent-reason", HTMLElement);
const target = byId("consent-target", HTMLElement);
const always = byId("consent-always", HTMLInputElement);

/** Until the page is left. */
let agreed = false;

/**
 * Whether the picture may be sent to the server.
 * @param {import("./failure.js").Failure} lacking why this device cannot judge it
 * @param {AbortSignal} signal takes the question back
 * @returns {Promise<boolean>}
 */
export async function mayUpload(lacking, signal) {
  if (agreed) return true;
  reason.textContent = t(`error.${lacking.code}`, lacking.values);
  target.textContent = t("consent.target", { server: location.host });
  always.checked = false;
  dialog.returnValue = "";
  dialog.showModal();
  const closed = new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  const withdraw = () => dialog.close();
  signal.addEventListener("abort", withdraw, { once: true });
  await closed;
  signal.removeEventListener("abort", withdraw);
  signal.throwIfAborted();
  const yes = dialog.returnValue === "send";
  agreed = yes && always.checked;
  return yes;
}

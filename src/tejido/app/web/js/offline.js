/**
 * Use without network: the service worker, and what it has to say to the reader.
 */
import { byId } from "./dom.js";
import { t } from "./i18n.js";

const note = byId("offline", HTMLElement);
const update = byId("update", HTMLElement);
const reload = byId("update-now", HTMLButtonElement);

/** @type {"" | "ready" | "full"} */
let state = "";

/** Keep the page on this device, if the browser can. */
export async function keepOffline() {
  // Missing where the page comes over plain HTTP from another machine, and in private windows.
  if (!("serviceWorker" in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register("sw.js", { updateViaCache: "none" });
    watch(registration);
    await navigator.serviceWorker.ready;
    say("ready");
  } catch (error) {
    console.info("Without network this page will not open:", error);
  }
}

/** Say it again, in another language. */
export function drawOffline() {
  note.textContent = state ? t(`offline.${state}`) : "";
}

/** @param {"ready" | "full"} next */
function say(next) {
  state = next;
  drawOffline();
}

/** @param {ServiceWorkerRegistration} registration */
function watch(registration) {
  const follow = (/** @type {ServiceWorker | null} */ worker) => {
    if (!worker) return;
    const changed = () => {
      if (worker.state === "redundant" && !registration.active) say("full");
      // A first version needs no announcement; a later one waits until the reader is done.
      if (worker.state === "installed" && registration.active) announce(worker);
    };
    worker.addEventListener("statechange", changed);
    changed();
  };
  follow(registration.waiting ?? registration.installing);
  registration.addEventListener("updatefound", () => follow(registration.installing));
}

/** @param {ServiceWorker} worker */
function announce(worker) {
  update.hidden = false;
  reload.onclick = () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    worker.postMessage("take over");
  };
}

/**
 * The page put together: what the reader does, and what follows.
 */
import { showCard, showNoCard } from "./about.js";
import { revealAnswer } from "./answer.js";
import { hasCamera, takePicture } from "./camera.js";
import { showContext, takeContext } from "./context.js";
import { cancelCrop, chooseCrop } from "./crop.js";
import { byId } from "./dom.js";
import { fetchExample, nameExamples, showExamples } from "./examples.js";
import { Failure } from "./failure.js";
import { onLanguage, startLanguage } from "./i18n.js";
import { takePictures } from "./intake.js";
import { onKind, setKind } from "./kind.js";
import { begin, judge, judgeAll, photos, shown, take } from "./lesion.js";
import { chosen, drawModels, keepsCases, loadModels, modelsAreThere, onModel } from "./models.js";
import { drawOffline, keepOffline } from "./offline.js";
import { showPreview } from "./preview.js";
import { complain, draw, show } from "./view.js";

/** @type {Promise<void>} The models, on their way or here. */
let loading = Promise.resolve();

async function load() {
  await loadModels();
  byId("cases", HTMLElement).hidden = !keepsCases();
  drawCard();
}

function drawCard() {
  const found = chosen();
  if (found) showCard(found.model, found.card);
  else showNoCard(modelsAreThere());
  showContext(found?.card ?? null);
}

/**
 * @param {(() => Promise<Blob> | Blob)[]} sources
 * @param {{example?: import("./examples.js").Example, add?: boolean}} [options]
 */
function receive(sources, options) {
  if (sources.length === 0) return;
  cancelCrop();
  take(sources, options);
  show();
  revealAnswer();
}

/** @param {import("./examples.js").Example} example */
function receiveExample(example) {
  setKind("dermoscopy");
  drawModels();
  drawCard();
  const fetched = async () => {
    try {
      return await fetchExample(example);
    } catch {
      throw new Failure("network");
    }
  };
  receive([fetched], { example });
}

async function useCamera() {
  cancelCrop();
  try {
    const picture = await takePicture();
    if (picture) receive([() => picture]);
  } catch (error) {
    complain(error instanceof Failure ? error : new Failure("camera_failed"));
    revealAnswer();
  }
}

async function crop() {
  const photo = shown();
  const size = photo && (await showPreview(photo.address, null));
  const box = size && (await chooseCrop(size));
  if (photo && box && photos.includes(photo)) cut(photo, box);
}

/**
 * @param {import("./lesion.js").Photo | undefined} photo
 * @param {import("./lesion.js").Box | null} box
 */
function cut(photo, box) {
  if (!photo) return;
  photo.box = box;
  judge(photo);
  show();
}

function anew() {
  drawCard();
  judgeAll();
  show();
}

begin(
  () => loading.catch(() => (loading = load())),
  (photo) => (photo === shown() ? show() : draw()),
);

onLanguage(() => {
  nameExamples();
  drawOffline();
  drawModels();
  drawCard();
  draw();
});

showExamples(receiveExample);
takePictures(
  (files, add) => receive(files.map((file) => () => file), { add }),
  (over) => document.body.classList.toggle("dropping", over),
);
onKind(() => {
  drawModels();
  anew();
});
onModel(anew);
takeContext(() => {
  judgeAll();
  show();
});
byId("crop", HTMLButtonElement).addEventListener("click", crop);
byId("uncrop", HTMLButtonElement).addEventListener("click", () => cut(shown(), null));
const camera = byId("use-camera", HTMLButtonElement);
camera.hidden = !hasCamera;
camera.addEventListener("click", useCamera);

startLanguage();
loading = load();
loading.catch(() => complain(new Failure("network")));
keepOffline();

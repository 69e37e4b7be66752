/**
 * Pictures to try, in the public domain (examples/LICENSES.md), with what they turned out to be.
 */
import { byId, el } from "./dom.js";
import { t } from "./i18n.js";

/**
 * @typedef {object} Example
 * @property {string} file
 * @property {string} diagnosis its sentence is `examples.<diagnosis>`; shown only with the answer
 */

/** @type {readonly Example[]} */
export const EXAMPLES = [
  { file: "ISIC_0009995.jpg", diagnosis: "nevus" },
  { file: "ISIC_0012099.jpg", diagnosis: "melanoma" },
  { file: "ISIC_0014608.jpg", diagnosis: "seborrheic_keratosis" },
];

/**
 * Put the examples on the page as buttons.
 * @param {(example: Example) => void} onChoose
 */
export function showExamples(onChoose) {
  const list = byId("examples", HTMLUListElement);
  for (const example of EXAMPLES) {
    const picture = el("img", { src: address(example), width: "120", height: "90" });
    const button = el("button", { type: "button", class: "example" }, picture, el("span"));
    button.addEventListener("click", () => onChoose(example));
    list.append(el("li", {}, button));
  }
}

/** Name the examples in the page's language. */
export function nameExamples() {
  byId("examples", HTMLUListElement)
    .querySelectorAll("button")
    .forEach((button, index) => {
      const [picture, name] = button.children;
      picture.setAttribute("alt", ""); // the name beside it says the same
      name.textContent = t("examples.name", { n: index + 1 });
    });
}

/**
 * The example's file.
 * @param {Example} example
 * @returns {Promise<Blob>}
 */
export async function fetchExample(example) {
  return (await fetch(address(example))).blob();
}

/**
 * What a screen reader says of the example.
 * @param {Example} example
 */
export function describe(example) {
  return t("examples.alt", { n: EXAMPLES.indexOf(example) + 1 });
}

/** @param {Example} example */
function address(example) {
  return `web/examples/${example.file}`;
}

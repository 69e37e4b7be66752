/**
 * Renders openapi.json as a plain page, without anything from another origin. Answers may be JSON, lines or files.
 */
import { byId, el } from "./dom.js";

/**
 * @typedef {Record<string, any>} Json
 */

byId("origin", HTMLElement).textContent = new URL("..", location.href).href.replace(/\/$/, "");
const target = byId("operations", HTMLElement);

fetch("openapi.json")
  .then((response) => response.json())
  .then((api) => target.replaceChildren(...operations(api)))
  .catch(() => target.replaceChildren(el("p", { class: "notice" }, "The server does not answer.")));

/** @param {Json} api */
function operations(api) {
  return Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(/** @type {Json} */ (methods)).map(([method, item]) => operation(api, method, path, item)),
  );
}

/**
 * @param {Json} api
 * @param {string} method
 * @param {string} path
 * @param {Json} item
 */
function operation(api, method, path, item) {
  const box = el("section", { class: "panel operation" });
  box.append(
    el("h2", {}, item.summary),
    el("p", { class: "route" }, el("code", {}, `${method.toUpperCase()} ${path}`)),
    el("p", {}, ...withCode(item.description ?? "")),
  );
  section(
    box,
    "Parameters",
    (item.parameters ?? []).map((/** @type {Json} */ one) => [one.name, one.description ?? ""]),
  );
  if (item.requestBody) section(box, "Body", content(api, item.requestBody));
  for (const [status, response] of Object.entries(/** @type {Json} */ (item.responses))) {
    if (status.startsWith("2")) section(box, `Answer ${status}`, content(api, response));
  }
  const errors = Object.entries(/** @type {Json} */ (item.responses)).filter(([status]) => !status.startsWith("2"));
  section(
    box,
    "Otherwise",
    errors.map(([status, response]) => [status, response.description]),
  );
  return box;
}

/**
 * What a body holds: its kinds and, where it is JSON, its fields.
 * @param {Json} api
 * @param {Json} body
 * @returns {[string, string][]}
 */
function content(api, body) {
  const kinds = Object.entries(/** @type {Json} */ (body.content ?? {}));
  const shaped = kinds.flatMap(([, kind]) => fields(api, kind.schema, ""));
  const names = kinds.map(([name]) => name).join(", ");
  const json = names === "application/json" && shaped.length > 0;
  return json ? shaped : [[names || "nothing", body.description ?? ""], ...shaped];
}

/**
 * @param {HTMLElement} box
 * @param {string} title
 * @param {[string, string][]} rows
 */
function section(box, title, rows) {
  if (rows.length === 0) return;
  box.append(el("h3", { class: "label" }, title));
  const list = el("dl", { class: "rows" });
  for (const [name, text] of rows) list.append(el("dt", {}, el("code", {}, name)), el("dd", {}, ...withCode(text)));
  box.append(list);
}

/**
 * Text in which `code` stands between backticks.
 * @param {string} text
 */
function withCode(text) {
  return text.split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part));
}

/**
 * The fields of a schema, those inside other fields with a dotted name.
 * @param {Json} api
 * @param {Json} schema
 * @param {string} prefix
 * @returns {[string, string][]}
 */
function fields(api, schema, prefix) {
  const inner = resolve(api, schema);
  return Object.entries(/** @type {Json} */ (inner.properties ?? {})).flatMap(([name, field]) => {
    const here = `${prefix}${name}`;
    const choice = (field.anyOf ?? [field])[0];
    const nested = choice.items ? fields(api, choice.items, `${here}[].`) : fields(api, choice, `${here}.`);
    const text = [typeName(choice, field), field.description].filter(Boolean).join("; ");
    return [/** @type {[string, string]} */ ([here, text]), ...nested];
  });
}

/**
 * @param {Json} choice
 * @param {Json} field
 */
function typeName(choice, field) {
  const name = choice.enum ? choice.enum.join(" | ") : (choice.const ?? choice.type ?? "object");
  return field.anyOf ? `${name} or null` : name;
}

/**
 * @param {Json} api
 * @param {Json} schema
 * @returns {Json}
 */
function resolve(api, schema) {
  const name = schema?.$ref?.split("/").pop();
  return name ? api.components.schemas[name] : (schema ?? {});
}

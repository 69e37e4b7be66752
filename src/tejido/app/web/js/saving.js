/**
 * Whether the reader's connection asks for small downloads. Some browsers say so; the others are taken to have room.
 */

/** @returns {boolean} */
export function savesData() {
  /** @type {{saveData?: boolean, effectiveType?: string} | undefined} */
  const connection = Reflect.get(navigator, "connection");
  return Boolean(connection?.saveData) || /2g|3g/.test(connection?.effectiveType ?? "");
}

/**
 * Numbers as people should read them.
 */
import { language, t } from "./i18n.js";

/**
 * A probability without decimals, and never as the certainty of "0 %" or "100 %".
 * @param {number} p
 */
export function percent(p) {
  if (p < 0.01) return t("answer.under", { percent: "1\u00a0%" });
  if (p > 0.99) return t("answer.over", { percent: "99\u00a0%" });
  return `${Math.round(p * 100)}\u00a0%`;
}

/**
 * A threshold; small ones keep a digit, since "0 %" would be wrong.
 * @param {number} p
 */
export function thresholdPercent(p) {
  return `${plain(p * 100, p < 0.1 ? 1 : 0)}\u00a0%`;
}

/**
 * A figure with at most `digits` decimals, in the page's language.
 * @param {number} value
 * @param {number} digits
 */
export function plain(value, digits) {
  return new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(value);
}

/**
 * A measured figure: whole numbers as they are, others with three decimals.
 * @param {number} value
 */
export function figure(value) {
  const digits = Number.isInteger(value) && value > 1 ? 0 : 3;
  return new Intl.NumberFormat(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/**
 * A file's size.
 * @param {number} bytes
 */
export function fileSize(bytes) {
  return bytes < 1e6 ? `${plain(Math.ceil(bytes / 1e3), 0)} kB` : `${plain(bytes / 1e6, 1)} MB`;
}

/**
 * A coarse grid of numbers made smooth: separable cubic interpolation (Catmull-Rom) that passes through every value.
 * Grid cells are areas, so their centres lie at half steps, and the borders repeat.
 */

/**
 * @param {number[][]} rows h x w values
 * @param {number} size width and height of the result
 * @returns {Float32Array} size x size values, row by row, clamped to 0..1
 */
export function smooth(rows, size) {
  const across = rows.map((row) => stretch(row, size));
  const result = new Float32Array(size * size);
  for (let x = 0; x < size; x++) {
    const column = stretch(across.map((row) => row[x]), size);
    for (let y = 0; y < size; y++) result[y * size + x] = Math.min(1, Math.max(0, column[y]));
  }
  return result;
}

/**
 * @param {ArrayLike<number>} values
 * @param {number} size
 */
function stretch(values, size) {
  const last = values.length - 1;
  const at = (/** @type {number} */ i) => values[Math.min(last, Math.max(0, i))];
  const result = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const place = ((i + 0.5) * values.length) / size - 0.5;
    const k = Math.floor(place);
    result[i] = cubic(at(k - 1), at(k), at(k + 1), at(k + 2), place - k);
  }
  return result;
}

/** @param {number} a @param {number} b @param {number} c @param {number} d @param {number} u */
function cubic(a, b, c, d, u) {
  return b + 0.5 * u * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)));
}

/** A trouble that the page can explain: `error.<code>` is its sentence in every language. */
export class Failure extends Error {
  /**
   * @param {string} code
   * @param {Record<string, string | number>} [values] what the sentence names
   */
  constructor(code, values = {}) {
    super(code);
    this.code = code;
    this.values = values;
  }
}

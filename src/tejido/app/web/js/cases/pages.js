/**
 * What the pages of cases have in common.
 */
import { ask } from "../ask.js";
import { Failure } from "../failure.js";
import { explain } from "../wording.js";

/** Ask the server; whoever is not logged in any more is led to the login. @type {typeof ask} */
export async function asked(address, init) {
  try {
    return await ask(address, init);
  } catch (error) {
    if (error instanceof Failure && error.code === "login_required") location.assign("login");
    throw error;
  }
}

/** @param {unknown} error @returns {string} in words */
export function said(error) {
  if (error instanceof Failure) return explain(error);
  console.error(error);
  return explain(new Failure("internal_here"));
}

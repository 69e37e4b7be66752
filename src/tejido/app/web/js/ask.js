/**
 * Asking the server that the page comes from.
 */
import { Failure } from "./failure.js";

/**
 * @param {string} address
 * @param {RequestInit} [init]
 * @returns {Promise<any>} what it answers
 * @throws {Failure} with the code of its error, or `network`
 */
export async function ask(address, init = {}) {
  let response;
  try {
    response = await fetch(address, { cache: "no-store", ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Failure("network");
  }
  const body = await response.json().catch(() => null);
  init.signal?.throwIfAborted();
  if (response.ok && body) return body;
  throw new Failure(body?.error?.code ?? "internal");
}

/**
 * Send something as JSON.
 * @param {string} method
 * @param {string} address
 * @param {unknown} body
 */
export function send(method, address, body) {
  return ask(address, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

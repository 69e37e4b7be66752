/**
 * The service worker: keeps the page, its runtime and the models on the device, so that they work without network.
 *
 * What it keeps stands in precache.js, which the server writes: addresses with the sha256 of what is there. Files are kept by both,
 * so a new version fetches only what changed, and an old tab never gets half of it.
 */
importScripts("precache.js"); // self.PRECACHE: {url: sha256}, urls relative to this file

const STORE = "tejido";
/** In the name of a larger model for the same question. */
const LARGER = "-accurate/";
const ROOT = new URL(".", self.location.href);
/** Address -> the key under which its content is kept. */
const KEYS = new Map(
  Object.entries(self.PRECACHE).map(([url, sha256]) => {
    const address = new URL(url, ROOT).href;
    return [address, `${address}?sha256=${sha256}`];
  }),
);

self.addEventListener("install", (event) => event.waitUntil(fill()));
self.addEventListener("activate", (event) => event.waitUntil(tidy().then(() => self.clients.claim())));
self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});
self.addEventListener("fetch", (event) => {
  const key = event.request.method === "GET" ? keyOf(new URL(event.request.url)) : undefined;
  if (key) event.respondWith(kept(key, event.request));
});

/** As js/saving.js, which a service worker of this kind cannot import; what it leaves out is fetched when the reader takes it. */
function sparing() {
  const connection = self.navigator.connection;
  return Boolean(connection?.saveData) || /2g|3g/.test(connection?.effectiveType ?? "");
}

async function fill() {
  const store = await caches.open(STORE);
  const have = new Set((await store.keys()).map((request) => request.url));
  for (const [address, key] of KEYS) {
    if (have.has(key) || (sparing() && address.includes(LARGER))) continue;
    const response = await fetch(address, { cache: "no-cache" });
    // Redirected: whoever was logged in no longer is, and the login is not the page.
    if (!response.ok || response.redirected) throw new Error(`${address}: ${response.status}`);
    await store.put(key, response);
  }
}

async function tidy() {
  const store = await caches.open(STORE);
  const wanted = new Set(KEYS.values());
  for (const request of await store.keys()) {
    if (!wanted.has(request.url)) await store.delete(request);
  }
}

/**
 * @param {URL} url
 * @returns {string | undefined} also where another version of a model is asked for: then none
 */
function keyOf(url) {
  const version = url.searchParams.get("v");
  url.hash = "";
  url.search = "";
  const key = KEYS.get(url.href);
  return version && key && !key.endsWith(version) ? undefined : key;
}

/**
 * @param {string} key
 * @param {Request} request
 */
async function kept(key, request) {
  const store = await caches.open(STORE);
  return (await store.match(key)) ?? fetch(request);
}

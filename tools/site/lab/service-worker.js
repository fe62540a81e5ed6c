/*
 * Keeps the course's files, so that a lesson that has been opened goes on without a network, and a second visit loads
 * next to nothing. offline.json, written when the site is built, has the digest of every file: a file is kept under its
 * digest, is answered from there as long as the site has the same, and is kept only if its bytes are what the digest says.
 * So a new version of the site is never mixed with an old one. Nothing here depends on the version.
 */
const SCOPE = self.registration.scope;
const LIST = "offline.json";
const KEPT = `course ${SCOPE}`;

/** @type {Promise<{ files: Record<string, string>, first: string[] }> | undefined} */
let list;

/** The list as it was kept; empty before there was one. */
async function keptList() {
  const kept = await (await caches.open(KEPT)).match(SCOPE + LIST);
  return kept === undefined ? { files: {}, first: [] } : kept.json();
}

/** The list as the site has it now, or as it was kept if there is no network. */
async function currentList() {
  try {
    const response = await fetch(SCOPE + LIST, { cache: "no-cache" });
    if (!response.ok) return await keptList();
    const cache = await caches.open(KEPT);
    await cache.put(SCOPE + LIST, response.clone());
    const now = await response.json();
    const keys = new Set(Object.entries(now.files).map(([path, digest]) => keyOf(path, digest)));
    for (const { url } of await cache.keys()) if (url !== SCOPE + LIST && !keys.has(url)) await cache.delete(url);
    return now;
  } catch {
    return keptList();
  }
}

const keyOf = (path, digest) => `${SCOPE}${path}?course=${digest}`;

async function digestOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest.slice(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A file of the list: as it is kept, else from the network, where it may have a query behind its name. */
async function fileOf(path, digest, address = SCOPE + path) {
  const cache = await caches.open(KEPT);
  const key = keyOf(path, digest);
  const kept = await cache.match(key);
  if (kept !== undefined) return kept;
  let response;
  for (const mode of ["default", "reload"]) {
    response = await fetch(address, { cache: mode });
    if (!response.ok) return response;
    const bytes = await response.clone().arrayBuffer();
    if ((await digestOf(bytes)) !== digest) continue; // the browser had an older one, or the site has a newer
    const headers = { "Content-Type": response.headers.get("Content-Type") ?? "application/octet-stream" };
    const whole = new Response(bytes, { headers });
    // A full storage is no reason to fail: the file is here, only not kept.
    await cache.put(key, whole.clone()).catch(() => {});
    return whole;
  }
  list = undefined;
  return response;
}

/** The name in the list of what an address asks for; null if it is none of ours. */
function pathOf(address) {
  const { origin, pathname } = new URL(address);
  const path = `${origin}${pathname}`;
  if (!path.startsWith(SCOPE)) return null;
  return decodeURIComponent(path.slice(SCOPE.length)).replace(/(^|\/)$/, "$1index.html");
}

async function answer(request, path) {
  if (request.mode === "navigate") list = currentList();
  const { files } = await (list ??= keptList());
  const digest = files[path];
  return digest === undefined ? fetch(request) : fileOf(path, digest, request.url);
}

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));

self.addEventListener("activate", (event) => {
  list = currentList();
  event.waitUntil(Promise.all([list, self.clients.claim()]));
});

self.addEventListener("fetch", (event) => {
  const path = pathOf(event.request.url);
  if (event.request.method !== "GET" || path === null || path === LIST) return;
  event.respondWith(answer(event.request, path));
});

self.addEventListener("message", (event) => {
  const keep = async () => {
    const { files, first } = await (list ??= keptList());
    for (const address of [...event.data.keep, ...first.map((path) => SCOPE + path)]) {
      const path = pathOf(address);
      if (path !== null && files[path] !== undefined) await fileOf(path, files[path], address).catch(() => {});
    }
  };
  event.waitUntil(keep());
});

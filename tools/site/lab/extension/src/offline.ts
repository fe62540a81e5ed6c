/*
 * Has the service worker beside JupyterLite keep the site's files, so that a lesson that has been opened goes on without
 * a network. Where a page is served without https there is none, and the course needs its network.
 */

/** How long the first visit waits for the service worker, so that the kernel's files go through it. */
const PATIENCE_MS = 2000;

/** Starts the service worker; resolves when it serves this page, or after a while. */
export async function startServiceWorker(baseUrl: string): Promise<void> {
  const { serviceWorker } = navigator;
  if (serviceWorker === undefined) return;
  const serves = new Promise<void>((resolve) => {
    if (serviceWorker.controller !== null) resolve();
    serviceWorker.addEventListener("controllerchange", () => resolve());
    setTimeout(resolve, PATIENCE_MS);
  });
  try {
    await serviceWorker.register(`${baseUrl}service-worker.js`, { scope: baseUrl });
    await serves;
  } catch (error) {
    console.warn(`The course can't be kept for times without a network: ${String(error)}`);
  }
}

/** Has it fetch what this page has loaded before it was there, and what the page will need. */
export function keepForOffline(): void {
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  navigator.serviceWorker?.controller?.postMessage({ keep: [location.href, ...loaded] });
}

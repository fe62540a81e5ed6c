/*
 * Has the service worker beside JupyterLite keep the site's files, so that a lesson that has been opened goes on without
 * a network. Where a page is served without https there is none, and the course needs its network.
 */

/** Starts the service worker. What this page and its worker load from then on goes through it. */
export async function startServiceWorker(baseUrl: string): Promise<void> {
  try {
    await navigator.serviceWorker?.register(`${baseUrl}service-worker.js`, { scope: baseUrl });
  } catch (error) {
    console.warn(`The course can't be kept for times without a network: ${String(error)}`);
  }
}

/** Has it fetch what this page has loaded before it was there, and what the page will need. */
export function keepForOffline(): void {
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  navigator.serviceWorker?.controller?.postMessage({ keep: [location.href, ...loaded] });
}

/**
 * Shared memory for hosts that cannot send its two headers: a service worker sends them, from the second load on, which this asks for
 * once. Where that does not help either the page trains on one thread, and says so.
 */

const TRIED = "tensorone-isolation";
/** A worker of 2 KB starts within a tenth of it. */
const READY_MS = 3000;

/** True while the page is about to load again. */
export async function isolated(): Promise<boolean> {
  if (crossOriginIsolated || !isSecureContext || !("serviceWorker" in navigator)) return false;
  try {
    if (sessionStorage.getItem(TRIED) !== null) return false;
    sessionStorage.setItem(TRIED, "1");
    await navigator.serviceWorker.register(new URL("service-worker.js", document.baseURI));
    // a browser that was told to run none never gets ready, and says no more
    const late = new Promise<never>((_, reject) => setTimeout(reject, READY_MS, "late"));
    await Promise.race([navigator.serviceWorker.ready, late]);
    location.reload();
    return true;
  } catch {
    return false;
  }
}

/** What one thread is owed to. */
export const oneThreadText = "One thread: this page is served without two headers; training takes up to twice as long.";

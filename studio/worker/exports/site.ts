/** The files of dist/studio that exports are made of, on the worker's own address. */
import type { Site } from "./subject.js";

/** For a worker at `address`, which lies in the folder assets/ of the pages. Rejects with a sentence where a file is not there. */
export const siteBeside = (address: string): Site => ({
  async page() {
    const url = new URL("../take-page.html", address);
    const response = await fetch(url);
    if (!response.ok) throw new Error(`export: ${url.pathname} answers ${response.status}, expected the page to fill`);
    return response.text();
  },
});

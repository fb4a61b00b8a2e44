/** The files of dist/studio that exports are made of, on the worker's own address. */
import type { UPlotAssets } from "../../../src/report/page/uplot.js";
import type { Site } from "./subject.js";

async function asked(name: string, address: string): Promise<Response> {
  const url = new URL(`../${name}`, address);
  const response = await fetch(url);
  if (response.ok) return response;
  throw new Error(`export: ${url.pathname} answers ${response.status}, expected a file that npm run build made`);
}

/** For a worker at `address`, which lies in the folder assets/ of the pages. Its promises reject where a file is not there. */
export const siteBeside = (address: string): Site => ({
  page: async () => (await asked("take-page.html", address)).text(),
  uplot: async () => (await asked("uplot.json", address)).json() as Promise<UPlotAssets>,
});

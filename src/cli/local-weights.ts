/**
 * Weights that a command was given by address or name, on this machine: what is downloaded is told, with a bar on a screen.
 */
import { fetchWeights } from "../hub/index.js";
import { formatBytes } from "../util/format.js";
import { progressBar, type Terminal } from "../util/terminal.js";

const BAR_WIDTH = 24;

/** The path of the file or folder that `spec` names, downloaded where it is not here. Throws as fetchWeights does. */
export async function localWeights(
  spec: string,
  terminal: Pick<Terminal, "print" | "update" | "clear">,
): Promise<string> {
  const { path, url, isNew, bytes, sha256, published } = await fetchWeights(spec, {
    onProgress: (done, total) => {
      const share = total === null ? "" : `${progressBar(done / total, BAR_WIDTH)}  `;
      terminal.update(`${spec}  ${share}${formatBytes(done)}${total === null ? "" : ` of ${formatBytes(total)}`}`);
    },
  }).finally(() => terminal.clear());
  if (url === null) return path;
  const { host } = new URL(url);
  const size = `${formatBytes(bytes ?? 0)}, SHA-256 ${sha256!.slice(0, 8)}…`;
  terminal.print(`${spec}: ${isNew ? `${size}, downloaded from ${host}` : `${size}, from the cache`}`);
  if (published) terminal.print(`stated top-1 ${published.top1} % on ImageNet: ${published.source}`);
  return path;
}

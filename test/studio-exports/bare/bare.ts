/** Hands the chosen files to the worker, and what was exported to the test, bytes as base64. */
import { base64 } from "../../../src/util/base64.js";
import type { ExportFormat } from "../../../studio/protocol.js";
import type { BareAnswer, BareAsk } from "./messages.js";

const filesOf = (id: string): File[] => [...((document.getElementById(id) as HTMLInputElement).files ?? [])];

async function exported(format: ExportFormat) {
  const worker = new Worker(new URL("./bare-worker.ts", import.meta.url), { type: "module" });
  const ask: BareAsk = { format, model: filesOf("model")[0]!, pictures: filesOf("pictures") };
  const { exported: made, labels } = await new Promise<BareAnswer>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<BareAnswer | string>) =>
      typeof data === "string" ? reject(new Error(data)) : resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(ask);
  });
  worker.terminate();
  return { ...made, bytes: base64(made.bytes), labels };
}

Object.assign(globalThis, { exported });

/** Files of the model. Each is run on the validation pictures before it is offered, and the page says how many answers are equal. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { type Exported, type ExportFormat, exportFormats } from "../../protocol.js";
import { download } from "../files/download.js";
import { size } from "../parts/words.js";
import { exported } from "../session/actions.js";
import { curve, hasModel, isRunning, spoken } from "../session/state.js";

const offers: { readonly [K in ExportFormat]: { readonly title: string; readonly what: string } } = {
  safetensors: { title: ".safetensors", what: "weights, for Node and Python" },
  onnx: { title: ".onnx", what: "for ONNX Runtime, preprocessing inside" },
  html: { title: "HTML page", what: "one file that classifies dropped pictures, offline" },
  report: { title: "Report", what: "curves, classes, mistakes" },
};

function verdict({ agreement }: Exported): string {
  if (agreement === null) return "";
  return `${agreement.equal} of ${agreement.of} agree`;
}

function Ready({ file }: { file: Exported }) {
  const { name, type, bytes, agreement, certificate } = file;
  return (
    <div class="ready">
      {agreement && (
        <p>
          <strong class={agreement.equal === agreement.of ? "" : "wrong"}>{verdict(file)}</strong>{" "}
          <span class="soft">
            with the model in this tab. {agreement.how} Largest difference of a probability:{" "}
            {agreement.largest.toExponential(1)}.
          </span>
        </p>
      )}
      {certificate && <p class="note">{certificate}</p>}
      <button type="button" class="main" onClick={() => download(name, type, bytes)}>
        Download {name}, {size(bytes.length)}
      </button>
    </div>
  );
}

export function TakeAway() {
  const busy = useSignal<ExportFormat | null>(null);
  const file = useSignal<Exported | null>(null);
  // what was made of other weights is no longer the model on this page
  useSignalEffect(() => {
    void curve.value;
    file.value = null;
  });
  const make = async (format: ExportFormat): Promise<void> => {
    busy.value = format;
    file.value = null;
    const made = await exported(format);
    busy.value = null;
    if (!made) return;
    file.value = made;
    spoken.value = `${made.name} is ready. ${verdict(made)}`;
  };
  const isAble = hasModel.value && !isRunning.value && busy.value === null;
  return (
    <div class="take-away">
      <h3>Take it away</h3>
      <ul>
        {exportFormats.map((format) => (
          <li key={format}>
            <button type="button" disabled={!isAble} onClick={() => void make(format)}>
              {offers[format].title}
            </button>
            <span class="note">{offers[format].what}</span>
          </li>
        ))}
      </ul>
      {busy.value && <p class="soft">Folding, writing, and running the file on the validation pictures…</p>}
      {file.value && <Ready file={file.value} />}
    </div>
  );
}

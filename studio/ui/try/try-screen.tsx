/** Try: a model and pictures of no project; answers with scores, where it looked, and how long it took. */
import { useEffect } from "preact/hooks";
import { type Found, fromDrop, fromInput } from "../files/gather.js";
import { base, hasModel } from "../session/state.js";
import { Result } from "./result.js";
import { again, dropped, isLoading, isReady, medianMs, source, takeModel, tried, tryFiles } from "./state.js";

function useDrop(): void {
  useEffect(() => {
    const over = (event: DragEvent): void => event.preventDefault();
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      if (event.dataTransfer) void fromDrop(event.dataTransfer).then(tryFiles);
    };
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    };
  }, []);
}

interface ChooseProps {
  readonly text: string;
  readonly accept: string;
  readonly isMany: boolean;
  readonly then: (found: Found[]) => void;
}

function Choose({ text, accept, isMany, then }: ChooseProps) {
  return (
    <label class="button file">
      {text}
      <input
        type="file"
        class="unseen"
        accept={accept}
        multiple={isMany}
        onChange={(event) => {
          const found = fromInput(event.currentTarget);
          event.currentTarget.value = "";
          then(found);
        }}
      />
    </label>
  );
}

function ModelChoice() {
  const file = dropped.value;
  const choose = (which: "project" | "file"): void => {
    source.value = which;
    if (tried.value.length > 0) void again();
  };
  return (
    <section class="panel" aria-labelledby="model-title">
      <h2 id="model-title">Model</h2>
      <fieldset class="row filters">
        <legend class="unseen">Which model answers</legend>
        <button
          type="button"
          aria-pressed={source.value === "project"}
          disabled={!hasModel.value}
          onClick={() => choose("project")}
        >
          This tab's project
        </button>
        {file && (
          <button type="button" aria-pressed={source.value === "file"} onClick={() => choose("file")}>
            {file.name}
          </button>
        )}
        <Choose
          text={isLoading.value ? "Loading…" : "Choose a model file"}
          accept=".safetensors,.pth,.pt"
          isMany={false}
          then={([one]) => one && void takeModel(one.file)}
        />
      </fieldset>
      <p class="note">
        {source.value === "file" && file
          ? `${file.model}, ${file.classes} classes${file.imageSize === null ? "" : `, sees ${file.imageSize} × ${file.imageSize} px`}.`
          : hasModel.value
            ? `The model of [Train] as it stands: ${base.value?.model ?? ""}.`
            : "Nothing is trained in this tab yet. A .safetensors or .pth file of a run does as well."}
      </p>
    </section>
  );
}

export function TryScreen() {
  useDrop();
  const n = tried.value.length;
  return (
    <div class="try">
      <h1>Try a model</h1>
      <ModelChoice />
      <section class="panel" aria-labelledby="tried-title">
        <div class="row">
          <h2 id="tried-title">Pictures</h2>
          {medianMs.value !== null && (
            <span class="soft">{medianMs.value.toFixed(0)} ms a picture, in the middle of them</span>
          )}
          <Choose text="Choose pictures" accept="image/*" isMany then={(found) => void tryFiles(found)} />
        </div>
        {n === 0 ? (
          <div class="drop">
            <p>{isReady.value ? "Drop pictures here" : "Drop a model and pictures here"}</p>
          </div>
        ) : (
          <ul class="results">
            {tried.value.map((one) => (
              <Result key={one.key} one={one} />
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}

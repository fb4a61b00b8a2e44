/** Train: pictures at the left, training at the right, what to look at below. */
import { useSignal } from "@preact/signals";
import { clear } from "../session/actions.js";
import { base, decoding, machine, pictures } from "../session/state.js";
import { AddButtons, isDragging, usePageDrop } from "./adding.js";
import { ConfusionPanel } from "./confusion.js";
import { Doubles } from "./doubles.js";
import { Picked } from "./picked.js";
import { Pictures } from "./pictures.js";
import { RunPanel } from "./run-panel.js";

/** Before there is a picture. */
function Start() {
  return (
    <section class="start" aria-labelledby="start-title">
      <h1 id="start-title">Teach this tab your own pictures</h1>
      <p class="lead">
        Drop a folder for each class, or some pictures and name them here. The first answers come within seconds; then
        train as deep as you like. Nothing is uploaded.
      </p>
      <div class={`drop${isDragging.value ? " over" : ""}`}>
        <p>Drop folders here</p>
        <AddButtons hasSamples />
      </div>
      <dl class="facts">
        <div>
          <dt>Where it runs</dt>
          <dd>
            In this tab: a tensor engine whose kernels are WebAssembly made on the spot
            {machine.value ? `, ${machine.value.threads} ${machine.value.threads === 1 ? "thread" : "threads"}` : ""}.
          </dd>
        </div>
        <div>
          <dt>What it begins with</dt>
          <dd>
            {base.value
              ? `${base.value.model}, trained on ${base.value.name === "demo" ? "the demo set" : base.value.name}. ${base.value.note}`
              : "The demo set's weights, which come with the page."}
          </dd>
        </div>
        <div>
          <dt>What you take away</dt>
          <dd>Safetensors, ONNX, a report, or one HTML file. Each is run on your pictures before you get it.</dd>
        </div>
      </dl>
    </section>
  );
}

function Clear() {
  const isAsked = useSignal(false);
  if (!isAsked.value)
    return (
      <button type="button" class="plain" onClick={() => (isAsked.value = true)}>
        Begin anew…
      </button>
    );
  return (
    <div class="row">
      <span>Forget all pictures and what was learnt of them?</span>
      <button type="button" class="danger" onClick={() => void clear()}>
        Forget
      </button>
      <button type="button" class="plain" onClick={() => (isAsked.value = false)}>
        Keep
      </button>
    </div>
  );
}

export function TrainScreen() {
  usePageDrop();
  if (pictures.value.size === 0 && decoding.value === null) return <Start />;
  if (pictures.value.size === 0)
    return (
      <p class="soft">
        Reading pictures, {decoding.value?.done ?? 0} of {decoding.value?.of ?? 0}
      </p>
    );
  return (
    <div class={`train${isDragging.value ? " over" : ""}`}>
      <h1 class="unseen">Train</h1>
      <Pictures />
      <RunPanel />
      <div class="looks">
        <ConfusionPanel />
        <Picked />
        <Doubles />
      </div>
      <Clear />
    </div>
  );
}

/** Loss and accuracy of the project's trainings, epoch by epoch, with the steps of the one that runs. */
import { computed } from "@preact/signals";
import { Chart, type Line } from "../parts/chart.js";
import { curve, live } from "../session/state.js";

const HEIGHT = 150;

const epochs = computed(() => [...curve.value].sort((a, b) => a.index - b.index));

/** Epochs and steps on one axis. */
const loss = computed(() => {
  const points = epochs.value.map(({ loss: value }, i) => ({
    x: i + 1,
    epoch: value as number | null,
    step: null as number | null,
  }));
  for (const { at, loss: value } of live.value) points.push({ x: at, epoch: null, step: value });
  points.sort((a, b) => a.x - b.x);
  const lines: readonly Line[] = [
    { label: "steps", colour: "train", look: "faint", values: points.map(({ step }) => step) },
    { label: "loss", colour: "train", look: "line", values: points.map(({ epoch }) => epoch) },
  ];
  return { x: points.map(({ x }) => x), lines };
});

const accuracy = computed(() => {
  const share = (value: number | null): number | null => (value === null ? null : value * 100);
  const lines: readonly Line[] = [
    {
      label: "training",
      colour: "train",
      look: "line",
      values: epochs.value.map((point) => share(point.trainAccuracy)),
    },
    {
      label: "validation",
      colour: "val",
      look: "points",
      values: epochs.value.map((point) => share(point.valAccuracy)),
    },
  ];
  return { x: epochs.value.map((_, i) => i + 1), lines };
});

export function Curves() {
  return (
    <div class="curves">
      <Chart title="Loss" unit="" xLabel="epoch" {...loss.value} height={HEIGHT} digits={3} />
      <Chart title="Accuracy" unit="%" xLabel="epoch" {...accuracy.value} height={HEIGHT} digits={0} range={[0, 100]} />
    </div>
  );
}

/**
 * Figure: the folders of src/ by layer, an arrow from each to what it may import. Layers and arrows follow from the table of
 * test/house.ts, which test/architecture.test.ts enforces; only the columns and the words are given here.
 */
import { labelled, line, lines, rect, svg, text } from "./svg.js";

export type Arrows = Readonly<Record<string, readonly string[]>>;

/** Column and contents of every folder. */
export const folders: Readonly<Record<string, { readonly column: number; readonly words: string }>> = {
  wasm: { column: 0, words: "assembler" },
  backends: { column: 0, words: "reference, wasm, gpu" },
  compile: { column: 0, words: "trace, record, replay" },
  util: { column: 1, words: "errors, files, platform" },
  tensor: { column: 1, words: "shape, storage, scopes" },
  ops: { column: 1, words: "tables of ops, apply" },
  autograd: { column: 1, words: "rules, tape, backward" },
  chapters: { column: 1, words: "ops that some programs need" },
  nn: { column: 1, words: "modules, losses, init" },
  models: { column: 1, words: "families, deploy forms" },
  io: { column: 1, words: "safetensors, .pth, ONNX" },
  train: { column: 1, words: "recipes, steps, trainer" },
  report: { column: 2, words: "a run as one page" },
  distributed: { column: 1, words: "ranks, sockets, MPI" },
  serve: { column: 0, words: "models over HTTP" },
  optim: { column: 2, words: "SGD, schedules, averages" },
  figures: { column: 3, words: "sheets, matrices, PNG, SVG" },
  data: { column: 3, words: "codecs, transforms, loader" },
  hub: { column: 3, words: "published weights" },
};

const BOX = { width: 172, height: 42 } as const;
const PITCH = { x: 206, y: 70 } as const;
const LEFT = 24;
const TOP = 62;

/** Everything below a folder, along any number of arrows. */
function below(arrows: Arrows, folder: string): Set<string> {
  const found = new Set(arrows[folder]);
  for (const name of found) for (const next of arrows[name] ?? []) found.add(next);
  return found;
}

/** Steps of the longest way down. */
const heightOf = (arrows: Arrows, folder: string): number =>
  Math.max(0, ...(arrows[folder] ?? []).map((name) => 1 + heightOf(arrows, name)));

/** The arrows that no two others stand for. */
const drawn = (arrows: Arrows, folder: string): string[] =>
  (arrows[folder] ?? []).filter((name) => !(arrows[folder] ?? []).some((other) => below(arrows, other).has(name)));

/** Throws where a folder has no place in the figure. */
export function architecture(arrows: Arrows, roofs: readonly string[], floors: Arrows): string {
  const names = Object.keys(arrows);
  const top = 1 + Math.max(...names.map((name) => heightOf(arrows, name)));
  const placeOf = (name: string): readonly [x: number, y: number] => {
    const folder = folders[name];
    if (!folder)
      throw new Error(`scripts/figures/architecture.ts: no row for the folder ${name}, expected one of every folder`);
    return [LEFT + folder.column * PITCH.x, TOP + (top - heightOf(arrows, name)) * PITCH.y];
  };
  const parts = [
    text(LEFT, 30, "src/: an arrow says “may import”, and so does a way along several", { kind: "bold" }),
    rect(LEFT, TOP, 3 * PITCH.x + BOX.width, BOX.height, "box"),
    text(LEFT + 16, TOP + 26, roofs.join(" · "), { kind: "bold" }),
    text(LEFT + 250, TOP + 26, "import everything; alone choose a backend", { kind: "small soft" }),
  ];
  for (const name of names) {
    const [x, y] = placeOf(name);
    parts.push(labelled(x, y, BOX.width, BOX.height, name, folders[name]!.words));
    for (const [i, target] of drawn(arrows, name).entries()) {
      const [toX, toY] = placeOf(target);
      const [middle, toMiddle] = [x + BOX.width / 2, toX + BOX.width / 2];
      const lean = Math.sign(toX - x);
      const isNear = toX === x || toY - y <= PITCH.y;
      const side = toX > x ? x + BOX.width : x;
      // several elbows leave one side of a box below each other
      const level = y + 10 + 7 * i;
      parts.push(
        isNear
          ? line(
              [
                [middle + 40 * lean, y + BOX.height],
                [toMiddle - 60 * lean, toY - 1],
              ],
              true,
            )
          : line(
              [
                [side, level],
                [toMiddle, level],
                [toMiddle, toY - 1],
              ],
              true,
            ),
      );
    }
  }
  const refused = names.flatMap((name) => {
    const hidden = [...below(arrows, name)].filter((other) => !arrows[name]!.includes(other));
    return hidden.length === 0 ? [] : [`${name}: not ${hidden.sort().join(", ")}`];
  });
  const bottom = TOP + (top + 1) * PITCH.y + 6;
  const notes = [
    "On the way along several arrows, and yet not to be imported:",
    ...refused,
    "Subfolders, each of which may import those before it:",
    ...Object.entries(floors).map(([folder, order]) => `${folder}: ${order.join(", ")}`),
  ];
  parts.push(...lines(LEFT, bottom, notes));
  return svg(2 * LEFT + 3 * PITCH.x + BOX.width, bottom + 16 * notes.length + 6, "Folders of src/ by layer", parts);
}

/**
 * A worker that speaks the studio's protocol and computes nothing: pictures are decoded for real, answers follow from labels by a rule.
 * With it screens come into every state within a second, failures too. What an engine answers is tested with the true worker.
 */
import type {
  Answer,
  Ask,
  CurvePoint,
  EventName,
  Events,
  PictureInfo,
  ProjectState,
  Reply,
  Request,
  RequestName,
  RunInfo,
  Stage,
} from "../../studio/protocol.js";

type Handlers = { readonly [K in RequestName]: (ask: Ask<K>) => Promise<Answer<K>> | Answer<K> };

const say = (reply: Reply): void => postMessage(reply);
const tell = <K extends EventName>(name: K, event: Events[K]): void =>
  say({ kind: "event", name, event } as unknown as Reply);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const classes: string[] = [];
let pictures: PictureInfo[] = [];
const files = new Map<number, Blob>();
const curve: CurvePoint[] = [];
let run: RunInfo | null = null;
let lastId = 0;

const state = (): ProjectState => ({
  project: "studio",
  classes: [...classes],
  pictures: [...pictures],
  base: { name: "demo", model: "mobileone_s0", imageSize: 64, note: "Pictures of clothes." },
  pixels: { decoder: "the browser's, without colour conversion", resize: "bilinear with antialias" },
  curve: [...curve],
  run,
});

function classIndex(name: string | null): number | null {
  if (name === null) return null;
  if (!classes.includes(name)) classes.push(name);
  return classes.indexOf(name);
}

/** Every seventh picture is taken for the next class. */
const answerOf = ({ id, class: own }: PictureInfo): number => ((own ?? 0) + (id % 7 === 0 ? 1 : 0)) % classes.length;

function tellAnswers(): void {
  const n = classes.length;
  if (n < 2) return;
  const scores = new Float32Array(pictures.length * n).fill(0.1 / (n - 1));
  pictures.forEach((picture, i) => {
    scores[i * n + answerOf(picture)] = 0.9;
  });
  const isRight = (i: number): number => (answerOf(pictures[i]!) === pictures[i]!.class ? 1 : 0);
  const worstFirst = Int32Array.from([...pictures.keys()].sort((a, b) => isRight(a) - isRight(b)));
  tell("answers", { ids: Int32Array.from(pictures, ({ id }) => id), classes: n, scores, worstFirst });
}

function tellEpoch(stage: Stage): void {
  const n = classes.length;
  const counts = new Int32Array(n * n);
  for (const picture of pictures)
    if (picture.side === "val" && picture.class !== null) counts[picture.class * n + answerOf(picture)]! += 1;
  const index = curve.length + 1;
  const valAccuracy = 1 - 0.6 / index;
  const point = {
    stage,
    index,
    loss: 2 / index,
    trainAccuracy: 1 - 0.4 / index,
    valAccuracy,
    pictures: pictures.length,
    ms: 80,
  };
  curve.push(point);
  tell("epoch", { point, confusion: { side: "val", classes: n, counts } });
}

function refit(): void {
  tell("state", state());
  if (classes.length < 2) return;
  tellEpoch("head");
  tellAnswers();
}

async function add({ files: incoming }: Ask<"add">): Promise<Answer<"add">> {
  const refused: { name: string; why: string }[] = [];
  for (const [i, { name, class: own, file }] of incoming.entries()) {
    try {
      const { width, height } = await createImageBitmap(file);
      lastId += 1;
      files.set(lastId, file);
      const label = classIndex(own);
      const side = label === null ? null : lastId % 5 === 0 ? "val" : "train";
      // the first two pictures are told to be nearly the same
      pictures = [
        ...pictures,
        { id: lastId, name, class: label, side, group: lastId === 2 ? 1 : lastId, width, height },
      ];
    } catch (error) {
      refused.push({ name, why: String(error) });
    }
    tell("decoded", { pictures: pictures.slice(-1), done: i + 1, of: incoming.length });
  }
  refit();
  tell("memory", { engineBytes: 41e6, heldBytes: 12e6 });
  return { added: incoming.length - refused.length, refused };
}

/** Ten epochs of ten steps; `pause` and `stop` are seen between steps. */
async function trained(stage: Stage, from: number): Promise<RunInfo> {
  const [epochs, perEpoch] = [10, 10];
  for (let n = from + 1; n <= epochs * perEpoch; n++) {
    run = { stage, state: "running", epoch: Math.floor((n - 1) / perEpoch), epochs, step: n, steps: epochs * perEpoch };
    tell("run", run);
    tell("step", { stage, n, of: epochs * perEpoch, loss: 1 / n, ms: 20, imagesPerSecond: 47, leftMs: (100 - n) * 20 });
    await pause(20);
    if (run.state !== "running") return run;
    if (n % perEpoch === 0) tellEpoch(stage);
  }
  run = { ...run!, state: "finished", epoch: epochs };
  tell("run", run);
  tellAnswers();
  return run;
}

function halted(as: "paused" | "stopped"): RunInfo | null {
  if (run?.state === "running") run = { ...run, state: as };
  if (run) tell("run", run);
  tell("saved", { epoch: run?.epoch ?? 0, step: run?.step ?? 0, bytes: 1e6 });
  return run;
}

async function pixelsOf(id: number, side: number) {
  const bitmap = await createImageBitmap(files.get(id)!);
  const scale = side / Math.min(bitmap.width, bitmap.height);
  const [width, height] = [Math.round(bitmap.width * scale), Math.round(bitmap.height * scale)];
  const context = new OffscreenCanvas(width, height).getContext("2d")!;
  context.drawImage(bitmap, 0, 0, width, height);
  return { id, width, height, data: context.getImageData(0, 0, width, height).data as Uint8ClampedArray<ArrayBuffer> };
}

const heat = () => ({ width: 2, height: 2, values: Float32Array.of(1, 0.2, 0, 0.4) });
const scoresOf = (): Answer<"classify">["scores"] =>
  classes.map((label, i) => ({ class: i, label, score: i === 0 ? 0.9 : 0.1 / Math.max(1, classes.length - 1) }));

const handlers: Handlers = {
  open: () => {
    const threads = globalThis.crossOriginIsolated ? 2 : 1;
    return {
      machine: { threads, backend: "wasm", why: "Training runs on the processor.", storage: "opfs" },
      state: state(),
    };
  },
  base: ({ file }) => ({ ...state().base!, name: file?.name ?? "demo" }),
  add,
  label: ({ ids, class: name }) => {
    const own = classIndex(name);
    const side = own === null ? null : "train";
    pictures = pictures.map((picture) => (ids.includes(picture.id) ? { ...picture, class: own, side } : picture));
    refit();
    return null;
  },
  renameClass: ({ from, to }) => {
    classes[classes.indexOf(from)] = to;
    refit();
    return null;
  },
  remove: ({ ids }) => {
    pictures = pictures.filter(({ id }) => !ids.includes(id));
    refit();
    return null;
  },
  costs: () => [
    { stage: "head", onceMs: 900, epochMs: 2, epochs: 200, bytes: 40e6 },
    { stage: "stage4", onceMs: 1400, epochMs: 600, epochs: 20, bytes: 240e6 },
    { stage: "all", onceMs: 0, epochMs: 11000, epochs: 20, bytes: 640e6 },
  ],
  train: ({ stage }) => {
    if (pictures.some(({ name }) => name.includes("fault")))
      throw { code: "memory", text: "no room for 640 MB", hint: "fewer pictures, or a smaller reach", canResume: true };
    return trained(stage, 0);
  },
  pause: () => halted("paused"),
  resume: () => trained(run!.stage, run!.step),
  stop: () => halted("stopped"),
  classify: () => ({ scores: scoresOf(), heat: heat(), ms: 14.2 }),
  explain: heat,
  pixels: ({ ids, side }) => Promise.all(ids.map((id) => pixelsOf(id, side))),
  export: ({ format }) => ({
    name: `model.${format}`,
    type: "application/octet-stream",
    bytes: new Uint8Array(1000),
    agreement: format === "report" ? null : { equal: 40, of: 40, largest: 1e-7, how: "Read back and run." },
    certificate: "Folded: largest difference 3e-7.",
  }),
  clear: () => {
    classes.length = 0;
    pictures = [];
    curve.length = 0;
    run = null;
    tell("state", state());
    return null;
  },
  close: () => null,
};

self.onmessage = async ({ data }: MessageEvent<Request>) => {
  const { kind, id, ask } = data;
  try {
    const answer = await (handlers[kind] as (what: typeof ask) => unknown)(ask);
    say({ kind: "done", id, of: kind, answer } as unknown as Reply);
  } catch (failure) {
    const known = typeof failure === "object" && failure !== null && "code" in failure;
    const own = known ? failure : { code: "internal", text: String(failure), hint: null, canResume: false };
    say({ kind: "failed", id, failure: own } as Reply);
  }
};

/**
 * Options that several commands share, and how they become a running backend.
 */
import { availableParallelism } from "node:os";
import { backendNames, setBackend } from "../backends/backend.js";
import { decoderNames } from "../data/codecs/decoder.js";
import { badPictureChoices } from "../data/reading/bad-pictures.js";
import { type RecipeForm, recipeForms } from "../models/recipe.js";
import { weightSets } from "../train/checkpoints/model-file.js";
import type { PlanOverrides } from "../train/recipes/plan.js";
import { UsageError } from "../util/errors.js";
import { choice, flag, integer, number, type Option, optionalChoice, repeated, text, type Values } from "./options.js";

/** Every command takes them. */
export const commonOptions = {
  json: flag({ help: "print one JSON object on stdout; everything else goes to stderr" }),
  help: flag({ help: "show this text" }),
};

const turboWords = { auto: null, on: true, off: false } as const;
type TurboWord = keyof typeof turboWords;

/** --turbo: null for auto. */
function turboOption(fallback: TurboWord): Option<boolean | null> {
  const help = `auto (where they work: Node 24, AVX2), on (later ones too; with a warning where they do not work) or off: kernels of paired vectors, each compared with its plain code once; default: ${fallback}`;
  const { expected, read } = choice(Object.keys(turboWords) as TurboWord[], { help, default: fallback });
  return {
    ...{ form: "value", placeholder: "WORD", help, expected, example: "off", fallback: turboWords[fallback] },
    read: (value, where) => turboWords[read(value, where)],
  };
}

/** Where and how wide to compute. */
export const computeOptions = {
  backend: choice(backendNames, { help: "what runs the ops", default: "wasm" }),
  threads: integer({ help: "threads of the backend; default: the cores of this machine", max: 256 }),
  turbo: turboOption("off"),
};

/** The same for commands that compute for long, or again and again. */
export const fastComputeOptions = { ...computeOptions, turbo: turboOption("auto") };

/** Which form of the published recipe. */
export const recipeOption = choice<RecipeForm>(recipeForms, {
  help: "the recipe as its authors meant it, or as their configs run (MobileOne S1 to S4: one phase throughout)",
  placeholder: "FORM",
  default: "intended",
});

/** What changes a recipe field by field. */
export const configOptions = {
  config: text({
    help: "JSON of recipe fields; what it leaves out is the recipe's (schema/recipe.schema.json); other options win over it",
    placeholder: "FILE.json",
  }),
  set: repeated(
    text({
      help: "one field of the recipe, over --config; the value is JSON or a word; may be given several times",
      placeholder: "FIELD=VALUE",
    }),
  ),
};

/** Learning rate by the size of a step. */
export const autoScaleLrOption = flag({ help: "learning rate times images per step, over all replicas, / 256" });

const onOff = ["on", "off"] as const;

/** What the planned steps of a run decide unless these do. */
export const planOptions = {
  emaMomentum: number({
    help: "weight of the newest weights in their moving average; default: the recipe's",
    max: 1,
    example: 5e-4,
  }),
  emaWarmup: optionalChoice(onOff, {
    help: "whether the average starts with larger weights, as it does in runs of fewer than 5 / momentum steps unless told",
    placeholder: "WORD",
  }),
  warmupEpochs: number({
    help: "epochs in which the learning rate rises; default: the recipe's, or less in such short runs",
    fromZero: true,
    example: 0.5,
  }),
};

/** The same for the trainer. */
export const planOverrides = (values: Values<typeof planOptions>): PlanOverrides => ({
  ...(values.emaMomentum !== undefined && { emaMomentum: values.emaMomentum }),
  ...(values.emaWarmup !== undefined && { emaWarmup: values.emaWarmup === "on" }),
  ...(values.warmupEpochs !== undefined && { warmupEpochs: values.warmupEpochs }),
});

/** Which weights of a run, for commands that read a model. */
export const weightsOption = optionalChoice(weightSets, {
  help: "which weights of a run folder or checkpoint; default: those the run delivered, of a checkpoint the averaged ones",
});

/** What a model is read from. */
export const checkpointOption = text({
  help: "model file, checkpoint, .safetensors or .pth, the folder of a run, an address (https, hf://owner/repository/file) or a name that weights lists",
  placeholder: "FILE",
  expected: "a model file, or the folder of a run",
});

/** Where the names of classes are compared. */
export const allowOtherClassesOption = flag({
  help: "go on where model and data set name their classes differently: labels are taken as numbers",
});

/** Threads that decode pictures. */
export const workersOption = integer({
  help: "threads that decode pictures; 0 decodes between the steps",
  min: 0,
  max: 256,
  default: Math.max(1, Math.floor(availableParallelism() / 4)),
});

/** The same for commands that do nothing else. */
export const allWorkersOption = integer({
  help: "threads that decode pictures; default: the cores of this machine",
  min: 0,
  max: 256,
  default: availableParallelism(),
});

/** Who turns JPEG files into pixels. */
export const decoderOption = optionalChoice(decoderNames, {
  help: "what decodes JPEG; default: sharp (native) or libjpeg-turbo (WebAssembly), which have OpenCV's exact pixels, where installed, else jpeg-js",
});

/** What a data set may be; for the help. */
export const DATA_HELP =
  "class folders, alone or under train/ and val/ (valid/, validation/, test/), list files, a CSV file of path,label, or shards that prepare wrote; several are joined, classes by name";

/** Which share of the pictures is for validation. */
export const valFractionOption = number({
  help: "share of the pictures held out for validation, chosen by their content, where DIR marks none; default: 0.2; 0: none",
  max: 0.99,
  fromZero: true,
  example: 0.1,
});

/** What becomes of a picture that cannot be read. */
export const badPictureOption = choice(badPictureChoices, {
  help: "at a picture that cannot be read, end with its name, or go on: the next one takes its place in training, none in validation",
  placeholder: "WORD",
  default: "stop",
});

/** The same for openDataset. */
export const valFractionOf = ({ valFraction }: { readonly valFraction?: number | undefined }) =>
  valFraction === undefined ? {} : { valFraction };

/** Who decodes, with how many threads, as the first lines say it: "decoder libjpeg-turbo x2". */
export function decoderLabel(decoder: string, workers: number): string {
  return `decoder ${decoder}${workers === 0 ? "" : ` x${workers}`}`;
}

/** The value of an option that has no default. Throws UsageError naming it. */
export function required<T>(where: string, value: T | undefined, placeholder: string): T {
  if (value === undefined)
    throw new UsageError(`${where} is missing, expected ${where.slice(where.indexOf("--"))} ${placeholder}`);
  return value;
}

/** A backend that runs. */
export interface StartedBackend {
  /** "wasm x2" or "wasm x2 turbo": what really runs, not what was asked for. */
  readonly label: string;
  readonly turbo: boolean;
}

/** Starts the backend. Throws UsageError for turbo on a backend that has none. */
export async function startBackend(values: {
  /** As a run.json says it, which may be anybody's. */
  readonly backend: string;
  readonly threads: number | undefined;
  /** null: where it works. */
  readonly turbo: boolean | null;
}): Promise<StartedBackend> {
  const { backend, threads, turbo } = values;
  if (turbo && backend !== "wasm")
    throw new UsageError(`--turbo on: the backend is ${backend}, expected wasm`, "leave --turbo or --backend away");
  const name = backendNames.find((known) => known === backend);
  if (name === undefined) throw new UsageError(`--backend: ${backend}, expected one of ${backendNames.join(", ")}`);
  const started = await setBackend(name, { turbo: turbo ?? "auto", ...(threads !== undefined && { threads }) });
  const isTurbo = "turbo" in started && started.turbo === true;
  if ("label" in started && typeof started.label === "string") return { label: started.label, turbo: isTurbo };
  const width = "threads" in started && typeof started.threads === "number" ? ` x${started.threads}` : "";
  return { label: `${started.name}${width}${isTurbo ? " turbo" : ""}`, turbo: isTurbo };
}

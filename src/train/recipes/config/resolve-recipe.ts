/**
 * The recipe that a run follows: of its model, with what a config, `set` and plain options change in it, in this order.
 */
import type { ModelName } from "../../../models/index.js";
import type { Recipe, RecipeForm } from "../../../models/recipe.js";
import { UsageError } from "../../../util/errors.js";
import { changeRecipe, publishedRecipe, type RecipeChanges } from "../choose-recipe.js";
import { differences } from "../differences.js";
import { isFinetuneRecipe } from "../finetune.js";
import type { PlanOverrides } from "../plan.js";
import { loadRecipeFile, type RecipeFile } from "./config-file.js";
import { applyLayer, type ConfigLayer, faultsError, type Patch, saidAt } from "./layers.js";
import { recipeNamed } from "./named-recipe.js";
import { type Fault, overlay } from "./overlay.js";
import { recipeFields } from "./recipe-fields.js";
import type { RunConfig } from "./run-fields.js";
import { joined, layerOfWords } from "./set-words.js";

/** Whose recipe, and what changes it. */
export interface RecipeRequest extends RecipeChanges {
  /** Whose recipe; default: the config's model, or of the recipe that it extends. */
  readonly model?: ModelName | undefined;
  /** The model where neither says one. */
  readonly defaultModel?: ModelName | undefined;
  /** Which reading of the published recipe; a config that extends a recipe has chosen. Default "intended". */
  readonly recipe?: RecipeForm | undefined;
  /** What the run starts from where no config extends a recipe. Default: the published recipe of the model. */
  readonly base?: ((model: ModelName) => Recipe) | undefined;
  /** A file of recipe fields, or its name. */
  readonly config?: string | RecipeFile | undefined;
  /** Fields with their values, such as "optimizer.weightDecay=0.05"; they win over the config. */
  readonly set?: readonly string[] | undefined;
  /** What decides instead of the planned steps. */
  readonly plan?: PlanOverrides | undefined;
}

/** A recipe that is decided on, before the run fits it to its steps. */
export interface ResolvedRecipe {
  readonly recipe: Recipe;
  /** For train() and planRecipe: what the config and the request say of it. */
  readonly plan: PlanOverrides;
  /** What the config says of the run. */
  readonly run: RunConfig;
  /** What differs from the recipe without a config, each as "path was 1, is 2". */
  readonly changed: readonly string[];
  /** What config and `set` say, in order: for a run that goes on. */
  readonly layers: readonly ConfigLayer[];
}

/** What a config of fine-tuning may extend by this name: the recipe that the command makes. */
const FINETUNE = "finetune";

/** Fields of a recipe that a plain change says as well. */
const pathsOf: { readonly [K in keyof Required<RecipeChanges & PlanOverrides>]: readonly string[] } = {
  autoScaleLr: [],
  replicas: [],
  optimizer: ["optimizer.kind"],
  weightDecay: ["optimizer.weightDecay"],
  schedule: ["schedule.kind"],
  milestones: ["schedule.lrSteps"],
  clipGradNorm: ["clipGrad"],
  accumulate: ["accumulate"],
  precision: ["precision"],
  balancedSampling: ["sampling"],
  frozenStages: ["transfer.frozenStages"],
  normEval: ["transfer.normEval"],
  headLr: ["transfer.headLr"],
  autoAugment: ["images.autoAugment"],
  colorJitter: ["images.colorJitter"],
  randomErasing: ["images.randomErasing"],
  randomErasingMode: ["images.randomErasing"],
  mixup: ["batchAugments.mixup"],
  cutmix: ["batchAugments.cutmix"],
  mixupProb: ["batchAugments.probability"],
  mixupSwitchProb: ["batchAugments.switchProbability"],
  loss: ["loss.kind"],
  focalGamma: ["loss.gamma"],
  focalAlpha: ["loss.alpha"],
  labelSmoothing: ["loss.labelSmoothing"],
  classWeights: ["loss.classWeights"],
  patience: ["earlyStopping.patience"],
  patienceMetric: ["earlyStopping.metric"],
  minDelta: ["earlyStopping.minDelta"],
  saveBest: ["saveBest"],
  epochs: ["epochs"],
  batchSize: ["batchSize"],
  imageSize: ["images.trainSize", "images.evalSize", "images.evalResize"],
  lr: ["optimizer.lr"],
  emaMomentum: ["ema.momentum"],
  emaWarmup: ["ema.warmup"],
  warmupEpochs: ["schedule.warmupEpochs"],
};

/** "imageSize" -> "--image-size", as the command line has it. */
const optionOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function expectOneWord(words: ConfigLayer, request: RecipeRequest): void {
  const given = { ...request, ...request.plan };
  for (const [name, paths] of Object.entries(pathsOf)) {
    const path = paths.find((one) => saidAt(words, one) !== undefined);
    const value = given[name as keyof typeof given];
    // a flag that is not set says nothing
    if (path !== undefined && value !== undefined && value !== false)
      throw new UsageError(
        `${words.whereOf(path)}: ${optionOf(name)} says ${path} as well, expected one of them`,
        `leave ${optionOf(name)} away, or the --set`,
      );
  }
}

/** What a config says of the plan: a warm-up that is asked for is not cut to the length of the run. */
function planSaid(layers: readonly ConfigLayer[]): PlanOverrides {
  const warmupEpochs = layers
    .map((layer) => saidAt(layer, "schedule.warmupEpochs"))
    .findLast((said) => said !== undefined);
  return typeof warmupEpochs === "number" ? { warmupEpochs } : {};
}

/** The last model that a layer names. */
function modelSaid(layers: readonly ConfigLayer[]): ModelName | undefined {
  const layer = layers.findLast((one) => saidAt(one, "model") !== undefined);
  if (!layer) return undefined;
  const faults: Fault[] = [];
  const model = overlay(recipeFields.model.rule, undefined, saidAt(layer, "model"), "model", faults);
  if (faults.length > 0) throw faultsError(faults, layer.whereOf);
  return model as ModelName;
}

/** Over the recipe of a run that goes on, what a recipe that a config extends is known by. */
const identityOf = ({ name, source, model }: Recipe, file: RecipeFile): ConfigLayer => ({
  patch: { name, source, model },
  whereOf: () => `${file.path}: extends`,
});

/** A config's file and --set, read. */
async function read({ config, set = [] }: RecipeRequest) {
  const file = typeof config === "string" ? await loadRecipeFile(config) : config;
  const words = layerOfWords(set);
  return { file, words, layers: [...(file?.layers ?? []), ...(words ? [words] : [])] };
}

/**
 * The recipe of a run: of its model, changed by the config, by `set`, and by epochs, batchSize, imageSize and lr, in this order. Throws
 * UsageError naming file and line, or the word of `set`, with the nearest name for a field that there is not.
 *
 * @example
 * ```ts
 * const { recipe, changed } = await resolveRecipe({ model: "mobileone_s0", set: ["optimizer.weightDecay=0.05"], epochs: 30 });
 * console.log(recipe.epochs, changed); // 30 [ 'epochs was 300, is 30', 'optimizer.weightDecay was 0.0001, is 0.05' ]
 * ```
 */
export async function resolveRecipe(request: RecipeRequest): Promise<ResolvedRecipe> {
  const { file, words, layers } = await read(request);
  if (words) expectOneWord(words, request);
  const base = file?.base;
  const isNamed = typeof base === "string" && base !== FINETUNE;
  const extended = isNamed ? recipeNamed(base, `${file!.path}: extends`) : null;
  if (extended && request.recipe !== undefined)
    throw new UsageError(
      `--recipe ${request.recipe} with ${file!.path}, which extends ${base}: expected one of them`,
      `"extends": "MODEL-as-shipped" is that reading in a config`,
    );
  const model = (request.model ?? modelSaid(layers) ?? extended?.model ?? request.defaultModel) as
    | ModelName
    | undefined;
  if (model === undefined)
    throw new UsageError("resolveRecipe: no model, expected one in the request, in the config or in what it extends");
  const { base: baseOf = (of: ModelName) => publishedRecipe(of, request.recipe) } = request;
  const before = extended ?? baseOf(model);
  if (base === FINETUNE && !isFinetuneRecipe(before))
    throw new UsageError(
      `${file!.path}: extends ${FINETUNE}, whose numbers follow from pictures and weights, expected the command finetune`,
      "finetune --config FILE --data DIR --init FILE",
    );
  let laid = base === null ? null : before;
  for (const layer of layers) laid = applyLayer(laid, layer);
  const changed = changeRecipe({ ...laid!, model }, request);
  return {
    recipe: changed,
    plan: { ...planSaid(layers), ...request.plan },
    run: file?.run ?? {},
    changed: differences(before, changed),
    layers: extended ? [identityOf(extended, file!), ...layers] : layers,
  };
}

/**
 * The recipe of a run that goes on, with what a config and --set say once more: what the run was started with changes nothing, anything
 * else makes a difference that the trainer names.
 */
export function laidOverStored(stored: Recipe, layers: readonly ConfigLayer[]): Recipe {
  if (layers.length === 0) return stored;
  const patch = layers.map((layer) => layer.patch).reduce<unknown>(joined, {}) as Patch;
  const whereOf = (path: string) =>
    (layers.findLast((layer) => saidAt(layer, path) !== undefined) ?? layers.at(-1)!).whereOf(path);
  return applyLayer(stored, { patch, whereOf }, { isResumed: true });
}

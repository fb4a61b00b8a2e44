/**
 * Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391, equations 1 and 2): where a stage's output speaks for a class. With A the
 * output, [h, w, channels], and y the logit of the class,
 *
 *   weight of a channel = mean over places of dy/dA        map = relu(sum over channels of weight · A)
 *
 * Any module with logits [1, classes] will do: a hook puts a leaf in the place of the stage's output, so that gradients end there.
 * Runs in Node and in a tab.
 */
import { enableGrad } from "../../autograd/tape.js";
import type { Image } from "../../data/codecs/image.js";
import type { PictureInput } from "../../data/codecs/read-image.js";
import { normalize } from "../../data/transforms/normalize.js";
import type { HeatMap } from "../../figures/heat-map.js";
import { Classifier } from "../../models/index.js";
import { Module } from "../../nn/module.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError, UsageError } from "../../util/errors.js";
import { nearestName } from "../../util/nearest.js";
import { type Classification, likeliest } from "../metrics/classification.js";
import { softmaxOf } from "../metrics/predictions.js";
import { problemOfLogits } from "../steps/finite.js";
import { type DescribedModel, expectNames, type SeeingOptions, seePicture } from "./seen-picture.js";
import { stageNames, stageNumber } from "./stages.js";

/** What is looked at, and for which class. */
export interface GradCamOptions extends SeeingOptions {
  /**
   * Of a model of a family: a stage as `featureInfo` has them, by number (negative ones from the last) or name. Of any module: one
   * of its modules, or its dotted name. Default: the last stage.
   */
  readonly stage?: number | string | Module;
  /** By number or name. Default: the likeliest. */
  readonly class?: number | string;
}

/** Where a picture speaks for a class. */
export interface GradCam {
  /** Of the stage's output, 0 to 1; all 0 where nothing speaks for the class. */
  readonly map: HeatMap & { readonly values: Float64Array };
  /** What 1 stands for: the largest value of the map in the units of the logit. */
  readonly peak: number;
  /** The class it is for. */
  readonly class: Classification;
  /** The likeliest class. */
  readonly predicted: Classification;
  /** The module that it was taken from, by its name. */
  readonly stage: string;
  /** The square that the model saw. */
  readonly image: Image;
}

type Place = readonly [name: string, module: Module];

/** The module that gives a stage's output. Throws UsageError for a stage that is not there. */
function findStage(model: Module, stage: GradCamOptions["stage"]): Place {
  const all = model.namedModules();
  if (stage instanceof Module) {
    const name = [...all].find(([, module]) => module === stage)?.[0];
    if (name !== undefined) return [name, stage];
    throw new UsageError(
      `gradCam: the stage is a ${stage.constructor.name} outside of the model, expected a part of it`,
    );
  }
  const named = typeof stage === "string" && stage !== "" ? (all.get(stage) as Module | undefined) : undefined;
  if (model instanceof Classifier) {
    // a stage of a single block may have its name
    if (named !== undefined && !stageNames(model).includes(stage as string)) return [stage as string, named];
    const name = stageNames(model)[stageNumber("gradCam", model, stage)]!;
    return [name, model.blocks.findLast(({ spec }) => spec.name.split(".")[0] === name)!];
  }
  if (named !== undefined) return [stage as string, named];
  if (stage === undefined || typeof stage === "number")
    throw new UsageError(
      `gradCam: ${model.constructor.name} has no stages, expected the module that gives the features`,
      "gradCam(model, picture, { stage: model.features })",
    );
  const meant = nearestName(stage, [...all.keys()]);
  throw new UsageError(
    `gradCam: no module "${stage}", expected the name of one`,
    meant === undefined || meant === "" ? undefined : `did you mean ${meant}?`,
  );
}

/** The class a name or number stands for. Throws UsageError where there is none. */
function findClass(wanted: number | string, names: readonly string[] | null, count: number): number {
  const isNumber = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < count;
  if (typeof wanted === "number" && isNumber(wanted)) return wanted;
  const named = names?.indexOf(String(wanted)) ?? -1;
  if (named >= 0) return named;
  // where nothing names the classes, they are shown by their numbers
  if (names === null && /^\d+$/.test(String(wanted)) && isNumber(Number(wanted))) return Number(wanted);
  const meant = nearestName(String(wanted), names ?? []);
  throw new UsageError(
    `gradCam: no class ${JSON.stringify(wanted)}, expected ${names === null ? "" : "a name, or "}a number from 0 to ${count - 1}`,
    meant === undefined ? undefined : `did you mean ${meant}?`,
  );
}

/** Runs `body` with the model in evaluation mode and its parameters without gradients; both are put back. */
function withoutTraining<T>(model: Module, body: () => T): T {
  const wasTraining = model.training;
  const learned = model.parameters().filter(({ requiresGrad }) => requiresGrad);
  try {
    model.eval();
    for (const parameter of learned) parameter.requiresGrad = false;
    return body();
  } finally {
    for (const parameter of learned) parameter.requiresGrad = true;
    model.train(wasTraining);
  }
}

/** Logits [1, classes] and the stage's output [1, h, w, channels], to which alone gradients go. */
function watchedForward(model: Module, [name, stage]: Place, x: Tensor): { logits: Tensor; features: Tensor } {
  let features: Tensor | null = null;
  const handle = stage.registerForwardHook((_, __, output) => {
    features = output.detach();
    features.requiresGrad = true;
    // what runs the stages frees what lies between them
    return features.keep();
  });
  try {
    const logits = enableGrad(() => model.forward(x));
    const seen = features as Tensor | null;
    if (seen === null) throw new UsageError(`gradCam: forward() does not run ${name}, expected a stage on the way`);
    if (seen.rank !== 4)
      throw new ShapeError(`gradCam: ${name} gives [${seen.shape.join(", ")}], expected [1, H, W, channels]`);
    if (logits.rank !== 2 || logits.shape[0] !== 1)
      throw new ShapeError(`gradCam: the model gives [${logits.shape.join(", ")}], expected logits [1, classes]`);
    return { logits, features: seen };
  } finally {
    handle.remove();
  }
}

/** relu(sum of mean gradient · features) over channels: [1, h, w, channels] -> [h, w]. */
const mapOf = (features: Tensor, gradient: Tensor): Tensor =>
  scope(() =>
    features
      .detach()
      .mul(gradient.mean([1, 2], { keepDims: true }))
      .sum([0, 3])
      .relu(),
  );

/**
 * Where a picture speaks for a class, by Grad-CAM (Selvaraju et al. 2017) on the output of a stage, [1, H, W, 3] -> [h, w]: the
 * model is in evaluation mode, its own mode and gradients are left alone. `heatOverlay(cam.image, cam.map)` shows it. Throws
 * UsageError for a stage or class that is not there, DataError and NonFiniteError as classify() does.
 *
 * @example
 * <!-- test: given picture from test/docs/given/images.ts -->
 * ```ts
 * const model = models.createModel("resnet18", { numClasses: 2, seed: 0 });
 * const cam = await gradCam(model, picture, { classNames: ["cat", "dog"], imageSize: 64, class: "dog", stage: "layer3" });
 * console.log(cam.map.width, cam.class.label); // 4 dog
 * const shown = heatOverlay(cam.image, cam.map); // [64, 64, 3]
 * ```
 */
export async function gradCam(
  subject: Module | DescribedModel,
  picture: PictureInput,
  options: GradCamOptions = {},
): Promise<GradCam> {
  const { model, classNames, square } = await seePicture("gradCam", subject, picture, options);
  const place = findStage(model, options.stage);
  const dtype = model.parameters()[0]?.dtype ?? "float32";
  const { logits, features } = withoutTraining(model, () =>
    scope(() => watchedForward(model, place, normalize([square], options).cast(dtype))),
  );
  try {
    const values = await logits.data();
    const problem = problemOfLogits("gradCam", values, 1, () => "the picture");
    if (problem) throw problem;
    const count = values.length;
    expectNames("gradCam", classNames, count);
    const ranked = likeliest(softmaxOf(values), classNames, count);
    const wanted = options.class === undefined ? ranked[0]!.index : findClass(options.class, classNames, count);
    const [, height, width] = features.shape as [number, number, number, number];
    const raw = await scope(() => {
      enableGrad(() => logits.slice([0, wanted], [1, 1]))
        .sum()
        .backward();
      return mapOf(features, features.grad!).data();
    });
    const plain = Float64Array.from(raw as ArrayLike<number>);
    const peak = plain.reduce((most, value) => Math.max(most, value), 0);
    return {
      map: { width, height, values: plain.map((value) => (peak > 0 ? value / peak : 0)) },
      peak,
      class: ranked.find(({ index }) => index === wanted)!,
      predicted: ranked[0]!,
      stage: place[0],
      image: square,
    };
  } finally {
    features.grad?.dispose();
    features.dispose();
    logits.dispose();
  }
}

/** Models by name, their folding and their costs: the `models` of the public face. */
export { type Block, Classifier, type FeatureInfo, type FeatureOptions, type ModelOptions } from "./classifier.js";
export type { Costs, SummaryRow, TrainingRow } from "./costs/costs.js";
export { type Summary, type SummaryOptions, summarize } from "./costs/summary.js";
export { summarizeTraining } from "./costs/training-summary.js";
export type { Certificate, FormCosts, OutputError } from "./deploy/certificate.js";
export { FoldError } from "./deploy/fold.js";
export {
  type ProbeOptions,
  type Reparameterized,
  type ReparameterizeOptions,
  reparameterize,
} from "./deploy/reparameterize.js";
export { type UnfoldOptions, unfold } from "./deploy/unfold.js";
export { families, familyOf, isModelName, listModels, type ModelName, type ModelOf, nameOf } from "./families.js";
export type { Family } from "./family.js";
export { DeployedBlock, MobileOneBlock } from "./mobileone/block.js";
export { MobileOne, type MobileOneOptions } from "./mobileone/mobileone.js";
export { cheaperForm } from "./mobileone/training-form.js";
export { type BlockSpec, blockSpecs, type Variant, variants } from "./mobileone/variants.js";
export { type Recipe, type RecipeForm, recipeForms } from "./recipe.js";
export { createModel } from "./registry.js";
export { RepVgg } from "./repvgg/repvgg.js";
export { ResNet } from "./resnet/resnet.js";
export type { TrainingChoice, TrainingForm } from "./training-choice.js";

/** Models by name, their folding and their costs: the `models` of the public face. */
export { DeployedBlock, MobileOneBlock } from "./mobileone/block.js";
export type { Certificate, FormCosts, OutputError } from "./mobileone/certificate.js";
export { FoldError } from "./mobileone/fold.js";
export { MobileOne, type MobileOneOptions } from "./mobileone/mobileone.js";
export {
  type ProbeOptions,
  type Reparameterized,
  type ReparameterizeOptions,
  reparameterize,
} from "./mobileone/reparameterize.js";
export { cheaperForm, type TrainingChoice, type TrainingForm } from "./mobileone/training-form.js";
export { type BlockSpec, blockSpecs, type Variant, variants } from "./mobileone/variants.js";
export { createModel, listModels, type ModelName, type ModelOptions } from "./registry.js";
export { type Costs, type Summary, type SummaryOptions, type SummaryRow, summarize } from "./summary.js";
export { summarizeTraining, type TrainingRow } from "./training-summary.js";

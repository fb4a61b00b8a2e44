import type { Stage } from "../../protocol.js";

/** What is trained, for the page. */
export const stageNames: { readonly [K in Stage]: string } = {
  head: "Classifier",
  stage4: "Last stage",
  halfStage3: "Half of stage 3",
  stage3: "Stage 3",
  all: "Everything",
};

/** The `models` of the public face, with the kernels that training them takes. A bundle without models has neither. */
import "./backends/wasm/folded-training.js";

export * from "./models/index.js";

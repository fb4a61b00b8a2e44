/** Files of PyTorch: torch.save's containers, read without running anything, and written. */
export { decodeTorchFile, isTorchFile } from "./read.js";
export { TensorReader } from "./tensors.js";
export { GlobalName, kindOf, lookUp, Placeholder, TorchTensor } from "./values.js";
export { encodeTorchFile, StateDict, type Writable } from "./write.js";

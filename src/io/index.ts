/** Files as bytes: the `io` of the public face. Reading and writing files themselves is tensorone/node's. */
export {
  type DecodedFile,
  decodeSafetensors,
  encodeSafetensors,
  type Metadata,
  type StoredTensor,
} from "./safetensors.js";
export { decodeInto, encodeModel, fromFileEntries, loadFileEntries, toFileEntries } from "./state-dict-file.js";

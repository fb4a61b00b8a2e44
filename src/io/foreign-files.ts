/**
 * Files that are no weights, told by how they begin: what somebody downloaded, renamed or forgot to unpack. The signatures are those of
 * the formats' specifications.
 */

/** A kind of file, and what would help. */
export interface ForeignFile {
  /** As "a JPEG picture". */
  readonly what: string;
  readonly hint: string;
}

interface Row extends ForeignFile {
  /** Text or bytes at byte `at`, by default the first. */
  readonly sign?: string;
  readonly at?: number;
  /** Of the first bytes as text, where a signature says too little. */
  readonly matches?: RegExp;
  readonly fits?: (head: Uint8Array) => boolean;
}

const PICTURE = "predict and explain take pictures; --checkpoint takes weights";
const UNPACK = (command: string) => `unpack it first: ${command}`;
const OTHER_FRAMEWORK =
  "weights are read from safetensors and from PyTorch's .pth: save them so where the model is at home";

/** Tags of the fields of a ModelProto that follow its ir_version: producer, domain, graph, operator sets. */
const onnxTags = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42];
const isOnnx = ([tag, version = 0, next = 0]: Uint8Array): boolean =>
  tag === 0x08 && version >= 3 && version < 32 && onnxTags.includes(next);

/** The first that fits is it. */
const rows: readonly Row[] = [
  {
    sign: "version https://git-lfs.github.com/spec/",
    what: "a pointer of Git LFS, not the file that it stands for",
    hint: "git lfs pull in the repository that it came from",
  },
  {
    matches: /^\s*<(!doctype|html|\?xml|head|!--|svg|[a-z]+[ >])/i,
    what: "an HTML or XML page",
    hint: "the page of a file is not the file: hubs call its own address resolve or raw",
  },
  { sign: "\x1f\x8b", what: "compressed by gzip", hint: UNPACK("gunzip, or tar xzf") },
  { sign: "BZh", what: "compressed by bzip2", hint: UNPACK("bunzip2") },
  { sign: "\xfd7zXZ\0", what: "compressed by xz", hint: UNPACK("unxz") },
  { sign: "\x28\xb5\x2f\xfd", what: "compressed by zstd", hint: UNPACK("unzstd") },
  { sign: "7z\xbc\xaf\x27\x1c", what: "a 7z archive", hint: UNPACK("7z x") },
  { sign: "Rar!\x1a\x07", what: "a RAR archive", hint: UNPACK("unrar x") },
  {
    sign: "ustar",
    at: 257,
    what: "a tar archive",
    hint: "tar xf unpacks it; the .pth.tar of PyTorch's examples is none in spite of its name",
  },
  { sign: "\xff\xd8\xff", what: "a JPEG picture", hint: PICTURE },
  { sign: "\x89PNG\r\n\x1a\n", what: "a PNG picture", hint: PICTURE },
  { sign: "GIF8", what: "a GIF picture", hint: PICTURE },
  { sign: "WEBP", at: 8, what: "a WebP picture", hint: PICTURE },
  { sign: "\x89HDF\r\n\x1a\n", what: "an HDF5 file, as Keras writes them", hint: OTHER_FRAMEWORK },
  { sign: "TFL3", at: 4, what: "a TensorFlow Lite model", hint: OTHER_FRAMEWORK },
  { sign: "model_checkpoint_path:", what: "the list of TensorFlow's checkpoints", hint: OTHER_FRAMEWORK },
  // schema version 1, then a graph; ONNX has 3 and more there
  { sign: "\x08\x01\x12", what: "a SavedModel of TensorFlow", hint: OTHER_FRAMEWORK },
  {
    fits: isOnnx,
    what: "an ONNX graph",
    hint: "export writes such files; weights are read from what it was exported from",
  },
  { sign: "\x93NUMPY", what: "an array of NumPy (.npy)", hint: OTHER_FRAMEWORK },
  { sign: "GGUF", what: "a GGUF file of llama.cpp", hint: OTHER_FRAMEWORK },
  { sign: "%PDF", what: "a PDF document", hint: "name a file of weights" },
  { sign: "\x7fELF", what: "a program or library (ELF)", hint: "name a file of weights" },
  { sign: "SQLite format 3\0", what: "an SQLite database", hint: "name a file of weights" },
  {
    matches: /^\s*[[{]\s*(["[{\]}]|-?\d)/,
    what: "JSON",
    hint: "the tensors of a checkpoint are in the .safetensors beside its .json",
  },
  // protocol 0 and 1: a mark or a container, then opcodes that are letters
  {
    matches: /^(\(dp\d|\(lp\d|\(i[a-z_.]+\n|c[a-z_.]+\n\w+\n|[}\]]q)/,
    what: "a pickle of protocol 0 or 1",
    hint: "in Python: torch.save(state_dict, file)",
  },
  { matches: /^\0{64}/, what: "zeros, as of a download that was begun and not filled", hint: "download it again" },
  { matches: /^[\t\n\r\x20-\x7e]{16,}$/, what: "text", hint: "name a file of weights" },
];

/** Bytes that any row looks at. */
const HEAD_BYTES = 512;
/** What a text of any length is told by. */
const TEXT_BYTES = 64;
/** Ends the table of LevelDB, which TensorFlow's index files are. */
const TABLE_END = "\x57\xfb\x80\x8b\x24\x75\x47\xdb";

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** What a file is that begins with `head` and ends with `tail`; null where nobody knows. */
export function foreignFile(head: Uint8Array, tail: Uint8Array = head): ForeignFile | null {
  if (head.length === 0) return { what: "an empty file", hint: "the download or the copy that made it failed" };
  const text = latin1(head.subarray(0, HEAD_BYTES));
  const start = text.slice(0, TEXT_BYTES);
  const found = rows.find(
    ({ sign, at = 0, matches, fits }) =>
      (sign !== undefined && text.startsWith(sign, at)) || matches?.test(start) || fits?.(head),
  );
  if (found) return { what: found.what, hint: found.hint };
  return latin1(tail.subarray(-TABLE_END.length)) === TABLE_END
    ? { what: "the index of a TensorFlow checkpoint", hint: OTHER_FRAMEWORK }
    : null;
}

/** ZIP archives that torch.save did not write, by the names in them. */
const archives: readonly (readonly [name: RegExp, what: string])[] = [
  [/(^|\/)model\.weights\.h5$|^config\.json$/, "a model of Keras (.keras)"],
  [/\.npy$/, "arrays of NumPy (.npz)"],
  [/\.mlmodel$|^Manifest\.json$/, "a package of Core ML"],
  [/^(word|xl|ppt)\//, "a document of an office program"],
  [/\.(pth|pt|safetensors)$/, "a ZIP archive with weights in it"],
  [/\.(jpe?g|png)$/i, "a ZIP archive of pictures"],
];

/** What an archive of these members is; null where nobody knows. */
export const foreignArchive = (names: readonly string[]): string | null =>
  archives.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1] ?? null;

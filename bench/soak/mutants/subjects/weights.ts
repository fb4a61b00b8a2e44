/** Files of weights: PyTorch's archives and pickles, safetensors, whole models, training checkpoints of mmengine's. */
import { writeFileSync } from "node:fs";
import { ZipReader } from "../../../../src/io/torch-checkpoint/zip-reader.js";
import { writeZip } from "../../../../src/io/torch-checkpoint/zip-writer.js";
import {
  decodeSafetensors,
  decodeWeights,
  encodeSafetensors,
  type StoredTensor,
} from "../../../../src/models/files/index.js";
import { variants } from "../../../../src/models/mobileone/variants.js";
import { readTrainingCheckpoint } from "../../../../src/train/checkpoints/mmengine-file.js";
import { loadModelFile } from "../../../../src/train/checkpoints/model-file.js";
import { tiny } from "../../tiny.js";
import { goldenFile, goldenFiles, type Subject } from "./subject.js";

const pickleWords = [
  ...["}", "]", "(", ")", "t", "l", "d", "e", "u", "s", "R", "b", "Q", "q\0", "h\0", ".", "\x80\x02", "N", "K\xff"],
  ...[
    "ccollections\nOrderedDict\n",
    "ctorch._utils\n_rebuild_tensor_v2\n",
    "X\x07\0\0\0storage",
    "ctorch\nFloatStorage\n",
  ],
  ...[
    "cos\nsystem\n",
    "module.",
    "state_dict",
    "_orig_mod.",
    "\x95\xff\xff\xff\xff\xff\xff\xff\xff",
    "\x8a\xff",
    "G",
    "J",
  ],
];
const zipWords = [
  "PK\x03\x04",
  "PK\x01\x02",
  "PK\x05\x06",
  "PK\x06\x06",
  "PK\x06\x07",
  "data.pkl",
  "/data/0",
  "byteorder",
];
const tensorWords = [
  ...[
    '{"',
    '":',
    '"__metadata__":',
    '"dtype":"F32"',
    '"BF16"',
    '"shape":[',
    '"data_offsets":[0,0]',
    "[[[[",
    "}}}}",
    ",,",
  ],
  ...["\u001b[31m", "\\u0000", "null", "1e400", '"__proto__":'],
];

const latin1 = (text: string): readonly number[] => [...Buffer.from(text, "latin1")];

/** Makes mobileone_tiny a model of this process. */
export function knowTiny(): void {
  (variants as Record<string, unknown>).mobileone_tiny ??= tiny;
}

const small: ReadonlyMap<string, StoredTensor> = new Map<string, StoredTensor>([
  ["a", { shape: [2, 3], values: new Float32Array(6) }],
  ["b.weight", { shape: [1], values: Int32Array.of(7) }],
  ["c", { shape: [], values: Float64Array.of(0.5) }],
]);

const torchSeeds = (): Uint8Array[] => goldenFiles("io", /^(kinds|object|script|attack|tiny-.*deploy).*\.pth$/);

/** The pickle of an archive, and everything else in it. */
function pickleOf(archive: Uint8Array) {
  const zip = new ZipReader(archive, "seed");
  const name = zip.names.find((one) => one.endsWith("data.pkl"))!;
  const others = zip.names.filter((one) => one !== name).map((one) => ({ name: one, bytes: zip.read(one)! }));
  return { name, pickle: zip.read(name)!, others };
}

export const weightSubjects = {
  torch: {
    words: [...pickleWords, ...zipWords].map(latin1),
    prepare: async () => ({ seeds: torchSeeds(), read: (bytes) => decodeWeights(bytes, "mutant.pth") }),
  },
  pickle: {
    words: pickleWords.map(latin1),
    async prepare() {
      const archive = pickleOf(goldenFile("io", "kinds.pth"));
      const more = ["kinds-protocol4.pth", "object.pth"].map((name) => pickleOf(goldenFile("io", name)).pickle);
      const read = (pickle: Uint8Array) =>
        decodeWeights(writeZip([{ name: archive.name, bytes: pickle }, ...archive.others]), "mutant.pth");
      return { seeds: [archive.pickle, ...more], read };
    },
  },
  zip: {
    words: zipWords.map(latin1),
    async prepare() {
      const plain = writeZip([
        { name: "a/data.pkl", bytes: new Uint8Array(9) },
        { name: "a/data/0", bytes: new Uint8Array(70) },
      ]);
      const read = (bytes: Uint8Array) => {
        const zip = new ZipReader(bytes, "mutant.zip");
        for (const name of zip.names) zip.read(name);
      };
      return { seeds: [plain, ...goldenFiles("io", /^(object|script).*\.pth$/)], read };
    },
  },
  safetensors: {
    words: tensorWords,
    prepare: async () => ({
      seeds: [
        encodeSafetensors(small),
        encodeSafetensors(small, { producer: "soak", classes: '["a","b"]' }),
        encodeSafetensors(small, { producer: "soak" }, { hashes: true }),
      ],
      read: (bytes) => decodeSafetensors(bytes, "mutant.safetensors"),
    }),
  },
  "model file": {
    words: [...tensorWords, "stages.0.", "module.", "head.fc.weight", '"numClasses":"5"'],
    async prepare() {
      knowTiny();
      const run = ["versions", "ca69399", "run"] as const;
      const seeds = [
        goldenFile(...run, "model-deploy.safetensors"),
        goldenFile(...run, "model.safetensors"),
        goldenFile("versions", "ca69399", "apple.pth"),
        goldenFile("versions", "ca69399", "timm.pth"),
      ];
      const read = async (bytes: Uint8Array) => {
        writeFileSync("mutant.weights", bytes);
        (await loadModelFile("mutant.weights")).model.dispose();
      };
      return { seeds, read };
    },
  },
  "mmengine checkpoint": {
    words: pickleWords.map(latin1),
    async prepare() {
      const read = (bytes: Uint8Array) => {
        writeFileSync("epoch_1.pth", bytes);
        return readTrainingCheckpoint("epoch_1.pth");
      };
      return { seeds: [goldenFile("versions", "ca69399", "epoch_1.pth")], read };
    },
  },
} as const satisfies { readonly [name: string]: Subject };

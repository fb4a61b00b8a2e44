/**
 * Rebuilds demo/fashion-mnist, the bundled picture set, from Fashion-MNIST's idx files (Debian: apt-get install
 * dataset-fashion-mnist): the first pictures of each class, as 28x28 JPEG in ImageNet's folder layout.
 * The result depends on nothing but the input, the two counts and jpeg-js. About a minute: jpeg-js encodes slowly.
 * Usage: node scripts/make-demo-set.mjs [SOURCE_DIR] [TARGET_DIR]
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import jpegJs from "jpeg-js";

const sourceDir = process.argv[2] ?? "/usr/share/datasets/fashion-mnist";
const targetDir = process.argv[3] ?? fileURLToPath(new URL("../demo/fashion-mnist", import.meta.url));
const quality = 90;
const splits = [
  { name: "train", prefix: "train", perClass: 200 },
  { name: "val", prefix: "t10k", perClass: 50 },
];
const classes = ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot"];

/** The body of an idx file: magic number, then one 32-bit size per dimension, then bytes. */
function readIdx(file, dimensions) {
  const bytes = gunzipSync(readFileSync(join(sourceDir, file)));
  if (bytes.readUInt32BE(0) !== 0x800 + dimensions)
    throw new Error(`${file}: not an idx file of ${dimensions} dimensions`);
  return bytes.subarray(4 + 4 * dimensions);
}

function encode(pixels) {
  const data = new Uint8Array(28 * 28 * 4).fill(255);
  for (const [i, value] of pixels.entries()) data.fill(value, 4 * i, 4 * i + 3);
  return jpegJs.encode({ width: 28, height: 28, data }, quality).data;
}

const total = createHash("sha256");
let files = 0;
let bytes = 0;
for (const { name, prefix, perClass } of splits) {
  rmSync(join(targetDir, name), { recursive: true, force: true });
  const images = readIdx(`${prefix}-images-idx3-ubyte.gz`, 3);
  const labels = readIdx(`${prefix}-labels-idx1-ubyte.gz`, 1);
  classes.forEach((className, label) => {
    const folder = `${name}/${String(label).padStart(2, "0")}_${className}`;
    mkdirSync(join(targetDir, folder), { recursive: true });
    for (let i = 0, taken = 0; taken < perClass; i++) {
      if (labels[i] !== label) continue;
      const jpeg = encode(images.subarray(i * 784, (i + 1) * 784));
      const path = `${folder}/${String(taken++).padStart(3, "0")}.jpg`;
      writeFileSync(join(targetDir, path), jpeg);
      total.update(path).update(jpeg);
      files++;
      bytes += jpeg.length;
    }
  });
}

const perSplit = splits.map(({ name, perClass }) => `${perClass} ${name}`).join(" and ");
writeFileSync(
  join(targetDir, "README.md"),
  `# Fashion-MNIST, a small part of it

${perSplit} pictures of each of the 10 classes of Fashion-MNIST, in ImageNet's folder layout, so that the default training
command has real images to learn from. ${files} JPEG files of 28x28 pixels, quality ${quality}, ${bytes} bytes in all; the first
pictures of each class in the order of the original train and test files.

- Source: Fashion-MNIST, Zalando SE, MIT licence (see LICENSE), as packaged in Debian's \`dataset-fashion-mnist\`.
- Made by \`node scripts/make-demo-set.mjs\`, which writes the same bytes again.
- SHA-256 over path and content of each file, in order of writing: \`${total.digest("hex")}\`
`,
);
console.log(`${files} files, ${bytes} bytes -> ${targetDir}`);

/**
 * Files from a drop, an input or a zip, with their paths: folders are read to the end, and order is by code point, as no browser
 * promises one. A picture's class is the folder that holds it.
 */

import { byCodePoint } from "../../../src/util/by-code-point.js";
import type { Incoming } from "../../protocol.js";
import { unzipped } from "./zip.js";

export interface Found {
  /** Within what was dropped, with "/". */
  readonly path: string;
  readonly file: File;
}

/** What of a drop the project can take. */
export interface Gathered {
  readonly pictures: readonly Incoming[];
  /** Weights to begin with: .safetensors, .pth, .pt. */
  readonly weights: File | null;
  /** Files that are neither. */
  readonly leftOut: number;
}

const pictureEnding = /\.(jpe?g|png|webp|gif|bmp|avif)$/i;
const weightEnding = /\.(safetensors|pth|pt)$/i;
/** What systems leave in folders: .DS_Store, Thumbs.db, __MACOSX. */
const leavings = /(^|\/)(\.[^/]+|Thumbs\.db|desktop\.ini|__MACOSX\/.*)$/i;

export const isWeights = (file: File): boolean => weightEnding.test(file.name);

const isZip = ({ name }: File): boolean => /\.zip$/i.test(name);
const isPicture = ({ path, file }: Found): boolean => pictureEnding.test(path) || file.type.startsWith("image/");

/** All entries of a folder: `readEntries` gives at most a hundred at a time. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

async function filesBelow(entry: FileSystemEntry): Promise<Found[]> {
  if (entry.isDirectory)
    return (await Promise.all((await entriesOf(entry as FileSystemDirectoryEntry)).map(filesBelow))).flat();
  const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
  return [{ path: entry.fullPath.replace(/^\//, ""), file }];
}

/** Must be called while the event is being handled: a drop's items are gone after it. */
export function fromDrop(transfer: DataTransfer): Promise<Found[]> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const loose = entries.length === 0 ? [...transfer.files] : [];
  return Promise.all([
    ...entries.map(filesBelow),
    ...loose.map((file) => Promise.resolve([{ path: file.name, file }])),
  ]).then((all) => all.flat());
}

/** Of an input; one for folders gives their paths. */
export const fromInput = (input: HTMLInputElement): Found[] =>
  [...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** The folder that holds a picture; null where it came alone. */
const classOf = (path: string): string | null => path.split("/").at(-2) ?? null;

/** Sorts files out. Pictures that came alone take `own`, the class that they were dropped upon. Throws on a zip that is none. */
export async function gathered(found: readonly Found[], own: string | null = null): Promise<Gathered> {
  const unpacked = await Promise.all(found.map((one) => (isZip(one.file) ? unzipped(one.file) : [one])));
  const files = unpacked.flat().filter(({ path }) => !leavings.test(path));
  files.sort((a, b) => byCodePoint(a.path, b.path));
  const images = files.filter(isPicture);
  const weights = files.filter(({ file }) => isWeights(file));
  return {
    pictures: images.map(({ path, file }) => ({ name: path, class: own ?? classOf(path), file })),
    weights: weights[0]?.file ?? null,
    leftOut: files.length - images.length - Math.min(1, weights.length),
  };
}

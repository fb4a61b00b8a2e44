/** Pictures that were tried, and with which model. They are forgotten with the page. */
import { computed, signal } from "@preact/signals";
import type { Classified } from "../../protocol.js";
import { type Found, isWeights } from "../files/gather.js";
import { count } from "../parts/words.js";
import { client } from "../session/actions.js";
import { failure, hasModel, spoken } from "../session/state.js";
import { DroppedModel } from "./dropped-model.js";
import type { LoadedInfo } from "./messages.js";

/** A picture that was tried. */
export interface Tried {
  readonly key: number;
  readonly name: string;
  readonly file: Blob;
  /** Null while the model is at it. */
  readonly answer: Classified | null;
  /** Why there is no answer. */
  readonly why: string | null;
}

export const tried = signal<readonly Tried[]>([]);
export const dropped = signal<LoadedInfo | null>(null);
export const isLoading = signal(false);
/** Which of the two answers. */
export const source = signal<"project" | "file">("project");
export const isReady = computed(() => (source.value === "file" ? dropped.value !== null : hasModel.value));

/** Answers that are listed. */
const TOP_K = 5;
/** Kept on the page; the oldest go. */
const MOST_TRIED = 60;

let model: DroppedModel | null = null;
let lastKey = 0;

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export async function takeModel(file: File): Promise<void> {
  isLoading.value = true;
  try {
    model ??= new DroppedModel();
    dropped.value = await model.load(file);
    source.value = "file";
    spoken.value = `${file.name} is loaded`;
  } catch (error) {
    const hint = "a .safetensors or .pth file of a model that the library knows";
    failure.value = { code: "model", text: textOf(error), hint, canResume: true };
  } finally {
    isLoading.value = false;
  }
}

function ask(file: Blob): Promise<Classified> {
  if (source.value === "file" && model) return model.classify(file, TOP_K);
  return client().request("classify", { bytes: file, explain: true, topK: TOP_K });
}

const update = (key: number, change: Partial<Tried>): void => {
  tried.value = tried.value.map((one) => (one.key === key ? { ...one, ...change } : one));
};

/** One after the other: each has the whole machine, so that its latency is one. */
async function answerAll(some: readonly Tried[]): Promise<void> {
  for (const { key, file } of some) {
    try {
      update(key, { answer: await ask(file), why: null });
    } catch (error) {
      update(key, { why: textOf(error) });
    }
  }
  spoken.value = `${count(some.length, "picture")} answered`;
}

export async function tryFiles(found: readonly Found[]): Promise<void> {
  const weights = found.find(({ file }) => isWeights(file));
  if (weights) await takeModel(weights.file);
  const some = found
    .filter(({ file }) => file.type.startsWith("image/"))
    .map(({ path, file }): Tried => {
      lastKey += 1;
      return { key: lastKey, name: path, file, answer: null, why: null };
    });
  tried.value = [...some, ...tried.value].slice(0, MOST_TRIED);
  if (isReady.value) await answerAll(some);
}

/** By the model that is chosen now. */
export async function again(): Promise<void> {
  tried.value = tried.value.map((one) => ({ ...one, answer: null, why: null }));
  await answerAll(tried.value);
}

/** Of the answers on the page, in the middle of them. */
export const medianMs = computed(() => {
  const times = tried.value.flatMap(({ answer }) => answer?.ms ?? []).sort((a, b) => a - b);
  return times.length === 0 ? null : times[times.length >> 1]!;
});

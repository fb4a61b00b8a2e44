/**
 * What the page and the studio's worker say to each other: types alone. A request has a number and exactly one end, `done` or `failed`;
 * events belong to nobody's request. Large arrays are transferred, never cloned.
 */

import type { PixelChain } from "../src/train/checkpoints/model-bytes.js";

export type { PixelChain };

/** How far an improvement reaches, from the classifier downwards. */
export type Stage = "head" | "stage4" | "halfStage3" | "stage3" | "all";
export const stages: readonly Stage[] = ["head", "stage4", "halfStage3", "stage3", "all"];

/** On which side of the split a picture is. */
export type Side = "train" | "val";

/** A picture of the project. */
export interface PictureInfo {
  /** From 1, never given again. */
  readonly id: number;
  /** The file's path within what was dropped. */
  readonly name: string;
  /** Index into `classes`; null while nobody has said. */
  readonly class: number | null;
  /** Null without a class. */
  readonly side: Side | null;
  /** Pictures that are nearly the same have the same group, and are on one side. */
  readonly group: number;
  /** Of the file, upright. */
  readonly width: number;
  readonly height: number;
}

/** Where the frozen features come from. */
export interface BaseInfo {
  /** "demo", or the name of the dropped file. */
  readonly name: string;
  /** A name of models.createModel. */
  readonly model: string;
  /** Side of the square that the network sees. */
  readonly imageSize: number;
  /** What it has learnt, in words for the page. */
  readonly note: string;
}

/** A training that stands in the worker or in the project's storage. */
export interface RunInfo {
  readonly stage: Stage;
  readonly state: "running" | "paused" | "stopped" | "finished";
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
}

/** One point of the curves, an epoch of a stage or a fit of the head. */
export interface CurvePoint {
  readonly stage: Stage;
  /** From 1, over the whole project. */
  readonly index: number;
  readonly loss: number;
  /** 0 to 1; null where it was not measured, or the side has no pictures. */
  readonly trainAccuracy: number | null;
  readonly valAccuracy: number | null;
  readonly pictures: number;
  /** Processor time of the epoch, or of the fit. */
  readonly ms: number;
}

/** What an improvement would take on this machine. */
export interface StageCost {
  readonly stage: Stage;
  /** One pass over the frozen part. */
  readonly onceMs: number;
  readonly epochMs: number;
  readonly epochs: number;
  /** What the tab would hold while it runs. */
  readonly bytes: number;
}

/** The project as it stands. */
export interface ProjectState {
  readonly project: string;
  readonly classes: readonly string[];
  readonly pictures: readonly PictureInfo[];
  readonly base: BaseInfo | null;
  readonly pixels: PixelChain;
  readonly curve: readonly CurvePoint[];
  /** The last training; one that is stopped or paused goes on with `resume`. */
  readonly run: RunInfo | null;
}

/** What the engine runs on, and why. */
export interface Machine {
  readonly threads: number;
  readonly backend: "wasm" | "gpu";
  /** In words for the page; empty where there is nothing to say. */
  readonly why: string;
  /** Whether files of the project survive a reload. */
  readonly storage: "opfs" | "memory";
}

/** A picture that comes in. */
export interface Incoming {
  /** The path within what was dropped. */
  readonly name: string;
  /** A class by name, which is made where it is new; null: unknown. */
  readonly class: string | null;
  readonly file: Blob;
}

/** A picture that could not be taken in. */
export interface Refused {
  readonly name: string;
  readonly why: string;
}

/** One class and its probability, 0 to 1. */
export interface Score {
  readonly class: number;
  readonly label: string;
  readonly score: number;
}

/** The weights of what looks at a class, over the picture as the network saw it: [height, width], 0 to 1. */
export interface Heat {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** A picture to draw. */
export interface Pixels {
  readonly id: number;
  readonly width: number;
  readonly height: number;
  /** RGBA, as ImageData takes it. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** Options of a training; what is left out is the library's `finetune` choice. */
export interface TrainChoices {
  readonly epochs?: number;
  readonly lr?: number;
  readonly batchSize?: number;
  readonly seed?: number;
  /** Augmented versions of each picture that are kept for a frozen part. Default 4. */
  readonly views?: number;
}

export type ExportFormat = "safetensors" | "onnx" | "report" | "html";
export const exportFormats: readonly ExportFormat[] = ["safetensors", "onnx", "report", "html"];

/** What the exported file answered on the validation pictures, before the download. */
export interface Agreement {
  readonly equal: number;
  readonly of: number;
  /** Largest difference of two probabilities. */
  readonly largest: number;
  /** How the file was run, in words for the page. */
  readonly how: string;
}

/** A file to take away. */
export interface Exported {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Null for a report, which answers nothing. */
  readonly agreement: Agreement | null;
  /** What folding changed, in words; null where nothing was folded. */
  readonly certificate: string | null;
}

/** What was done with a picture that is not of the project. */
export interface Classified {
  readonly scores: readonly Score[];
  readonly heat: Heat | null;
  readonly ms: number;
}

/** Requests by name: what they carry, and what their `done` brings. */
export interface Requests {
  /** First of all. One tab a project: a second fails with code "locked". */
  open: { readonly ask: { readonly project: string; readonly threads?: number }; readonly answer: Opened };
  /** Takes another base: a .safetensors or .pth, null for the demo set's. Trained stages are dropped. */
  base: { readonly ask: { readonly file: File | null }; readonly answer: BaseInfo };
  /** Ends when all are decoded; `decoded` tells of each, and the head is trained meanwhile. */
  add: {
    readonly ask: { readonly files: readonly Incoming[] };
    readonly answer: { readonly added: number; readonly refused: readonly Refused[] };
  };
  /** Gives a class by name, made where it is new; null takes it away. The head is trained again. */
  label: { readonly ask: { readonly ids: readonly number[]; readonly class: string | null }; readonly answer: null };
  renameClass: { readonly ask: { readonly from: string; readonly to: string }; readonly answer: null };
  remove: { readonly ask: { readonly ids: readonly number[] }; readonly answer: null };
  /** Measures what each stage would take; some steps of each. */
  costs: { readonly ask: Record<string, never>; readonly answer: readonly StageCost[] };
  /** Ends when the training does: finished, or stopped. */
  train: { readonly ask: { readonly stage: Stage; readonly choices?: TrainChoices }; readonly answer: RunInfo };
  pause: { readonly ask: Record<string, never>; readonly answer: RunInfo | null };
  /** Goes on with what was paused, or with what a reload cut short; ends when the training does. */
  resume: { readonly ask: Record<string, never>; readonly answer: RunInfo | null };
  stop: { readonly ask: Record<string, never>; readonly answer: RunInfo | null };
  /** A picture that is not of the project. */
  classify: {
    readonly ask: { readonly bytes: Blob; readonly explain?: boolean; readonly topK?: number };
    readonly answer: Classified;
  };
  /** Grad-CAM of a picture, for the class that the model answers unless another is named. */
  explain: { readonly ask: { readonly id: number; readonly class?: number }; readonly answer: Heat };
  /** Pictures to draw, with the short side at most `side`. */
  pixels: {
    readonly ask: { readonly ids: readonly number[]; readonly side: number };
    readonly answer: readonly Pixels[];
  };
  export: { readonly ask: { readonly format: ExportFormat }; readonly answer: Exported };
  /** Forgets the project's pictures, runs and files. */
  clear: { readonly ask: Record<string, never>; readonly answer: null };
  /** Lets go of engine, files and lock; the worker may be terminated then. */
  close: { readonly ask: Record<string, never>; readonly answer: null };
}

export interface Opened {
  readonly machine: Machine;
  readonly state: ProjectState;
}

export type RequestName = keyof Requests;
export type Ask<K extends RequestName> = Requests[K]["ask"];
export type Answer<K extends RequestName> = Requests[K]["answer"];

/** What goes to the worker. */
export type Request = {
  readonly [K in RequestName]: { readonly kind: K; readonly id: number; readonly ask: Ask<K> };
}[RequestName];

/** Reasons that a page can act upon. */
export type FailureCode =
  | "bad-request"
  | "busy"
  | "closed"
  | "data"
  | "internal"
  | "killed"
  | "locked"
  | "memory"
  | "model"
  | "quota";

export interface Failure {
  readonly code: FailureCode;
  readonly text: string;
  /** What would work. */
  readonly hint: string | null;
  /** Whether the project is whole, and goes on after `open` or `resume`. */
  readonly canResume: boolean;
}

/** Events by name. */
export interface Events {
  /** Once after `open`. */
  ready: Machine;
  /** The project changed otherwise than by the pictures of `decoded`: classes, labels, sides, base. */
  state: ProjectState;
  /** Some pictures were taken in. */
  decoded: { readonly pictures: readonly PictureInfo[]; readonly done: number; readonly of: number };
  /** A training step; at most ten in a second. */
  step: {
    readonly stage: Stage;
    /** From 1, over the run. */
    readonly n: number;
    readonly of: number;
    readonly loss: number;
    readonly ms: number;
    readonly imagesPerSecond: number;
    readonly leftMs: number;
  };
  /** An epoch, or a fit of the head: a point of the curves, with the validation's confusion. */
  epoch: { readonly point: CurvePoint; readonly confusion: Confusion };
  /** Answers of the model as it stands, to all pictures; transferred. */
  answers: Answers;
  /** A checkpoint lies in the project's storage. */
  saved: { readonly epoch: number; readonly step: number; readonly bytes: number };
  /** What the worker holds: the engine's memory, and pictures and features. */
  memory: { readonly engineBytes: number; readonly heldBytes: number };
  run: RunInfo;
  /** To be said on the page; never a stop. */
  notice: { readonly text: string };
}

/** Rows are the true class, columns the answered one; of validation, or of training where `side` says so. */
export interface Confusion {
  readonly side: Side;
  readonly classes: number;
  readonly counts: Int32Array;
}

export interface Answers {
  readonly ids: Int32Array;
  readonly classes: number;
  /** Probabilities, [ids.length, classes]. */
  readonly scores: Float32Array;
  /** Places in `ids`, wrong answers of high confidence first; pictures without a class last. */
  readonly worstFirst: Int32Array;
}

export type EventName = keyof Events;

/** What comes from the worker. */
export type Reply =
  | {
      readonly [K in RequestName]: {
        readonly kind: "done";
        readonly id: number;
        readonly of: K;
        readonly answer: Answer<K>;
      };
    }[RequestName]
  | { readonly kind: "failed"; readonly id: number; readonly failure: Failure }
  | { readonly [K in EventName]: { readonly kind: "event"; readonly name: K; readonly event: Events[K] } }[EventName];

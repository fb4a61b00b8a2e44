/** The record of a project: its pictures, classes, curve and training, as one sealed file of JSON. Pixels and weights have files of their own. */
import type { BaseInfo, CurvePoint, PictureInfo, ProjectState, RunInfo } from "../protocol.js";
import type { Plan } from "./improve/plan.js";
import { demoBase } from "./network/demo-base.js";
import { pixelChain } from "./pictures/chain.js";
import { assignSides } from "./pictures/split.js";
import type { ProjectFiles } from "./storage/files.js";
import { Sealed } from "./storage/sealed.js";

/** Grows with what is kept of a picture. */
const VERSION = 1;

/** A picture, and what near duplicates are found by. */
export interface KeptPicture extends PictureInfo {
  /** [768], float32, in base64. */
  readonly likeness: string;
}

/** A training that can go on. */
export interface KeptRun {
  readonly info: RunInfo;
  readonly plan: Plan;
}

export interface ProjectRecord {
  readonly version: number;
  readonly classes: readonly string[];
  readonly pictures: readonly KeptPicture[];
  readonly lastId: number;
  readonly curve: readonly CurvePoint[];
  readonly run: KeptRun | null;
  /** A dropped base, whose bytes have a file; null: the demo set's. */
  readonly base: BaseInfo | null;
  /** Whether the network has a file: it has learnt more than its head. */
  readonly isImproved: boolean;
  /** Whether the head is of an improvement, and not fitted again since. */
  readonly isHeadTrained: boolean;
}

const empty: ProjectRecord = {
  version: VERSION,
  classes: [],
  pictures: [],
  lastId: 0,
  curve: [],
  run: null,
  base: null,
  isImproved: false,
  isHeadTrained: false,
};

export class Project {
  readonly name: string;
  readonly #file: Sealed;
  #record: ProjectRecord;

  private constructor(name: string, file: Sealed, record: ProjectRecord) {
    this.name = name;
    this.#file = file;
    this.#record = record;
  }

  /** A new project where none is there, or one of another version. */
  static async open(name: string, files: ProjectFiles): Promise<Project> {
    const file = new Sealed(files, "project");
    const bytes = await file.read();
    let record = empty;
    if (bytes) {
      const found = JSON.parse(new TextDecoder().decode(bytes)) as ProjectRecord;
      if (found.version === VERSION) record = found;
    }
    // what ran when its tab ended goes on when it is asked to
    if (record.run?.info.state === "running")
      record = { ...record, run: { ...record.run, info: { ...record.run.info, state: "paused" } } };
    return new Project(name, file, record);
  }

  get record(): ProjectRecord {
    return this.#record;
  }

  /** Changes the record in memory; sides follow from classes and groups. */
  change(change: Partial<ProjectRecord>): void {
    const next = { ...this.#record, ...change };
    const sides = assignSides(next.pictures);
    const pictures = next.pictures.map((one) => ({ ...one, side: sides.get(one.id) ?? null }));
    this.#record = { ...next, pictures };
  }

  async save(): Promise<void> {
    await this.#file.write(new TextEncoder().encode(JSON.stringify(this.#record)));
  }

  /** As if nothing had been dropped. */
  reset(): void {
    this.#record = empty;
  }

  /** What the page is told. */
  state(): ProjectState {
    const { classes, pictures, curve, run, base } = this.#record;
    return {
      project: this.name,
      classes,
      pictures: pictures.map(({ likeness: _, ...info }) => info),
      base: base ?? demoBase,
      pixels: pixelChain,
      curve,
      run: run?.info ?? null,
    };
  }
}

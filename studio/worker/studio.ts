/** What can be asked of a project, one method a request of the protocol. Who asks when is the business of worker.ts. */

import type { Image } from "../../src/data/codecs/image.js";
import { encodeModelFile } from "../../src/train/checkpoints/model-bytes.js";
import { classify } from "../../src/train/classify.js";
import { gradCam } from "../../src/train/looking/grad-cam.js";
import type { Answer, Ask, BaseInfo, Incoming, Machine, PictureInfo, Pixels, RunInfo } from "../protocol.js";
import { startEngine } from "./engine.js";
import { Fault } from "./fault.js";
import { costsOf } from "./improve/costs.js";
import { type Plan, planOf } from "./improve/plan.js";
import { type Ending, expectTrainable, Improving } from "./improving.js";
import { Looking } from "./looking.js";
import { baseOf, demoBytes } from "./network/base.js";
import { Network } from "./network/network.js";
import { pixelChain } from "./pictures/chain.js";
import { encodeLikeness, groupsOf } from "./pictures/groups.js";
import type { Decoded } from "./pictures/messages.js";
import { PictureStore } from "./pictures/store.js";
import { thumbnailOf } from "./pictures/thumbnail.js";
import type { KeptPicture, Project } from "./project.js";
import type { ProjectFiles } from "./storage/files.js";
import { Sealed } from "./storage/sealed.js";
import { takeIn } from "./taking-in.js";
import { tell } from "./tell.js";

/** Classes that a picture that is not of the project is answered with, unless told otherwise. */
const TOP_K = 5;

/** What is there before the engine is. */
export interface StudioParts {
  readonly files: ProjectFiles;
  readonly project: Project;
  readonly machine: Machine;
}

export class Studio {
  readonly #files: ProjectFiles;
  readonly #project: Project;
  readonly #store: PictureStore;
  readonly #looking: Looking;
  readonly #machine: Machine;
  readonly #networkFile: Sealed;
  readonly #baseFile: Sealed;
  readonly #runFile: Sealed;
  #improving: Improving | null = null;
  /** Work for the engine that came while it trains. */
  readonly #between: (() => Promise<void>)[] = [];

  private constructor({ files, project, machine }: StudioParts, network: Network) {
    this.#files = files;
    this.#project = project;
    this.#machine = machine;
    this.#networkFile = new Sealed(files, "network");
    this.#baseFile = new Sealed(files, "base");
    this.#runFile = new Sealed(files, "run");
    this.#store = new PictureStore(files);
    this.#looking = new Looking(network, this.#store, tell);
  }

  /** Starts the engine, and reads base and network. */
  static async open(parts: StudioParts): Promise<Studio> {
    const { files, project, machine } = parts;
    await startEngine(machine);
    const { base: dropped, isImproved } = project.record;
    const own = dropped === null ? null : await new Sealed(files, "base").read();
    const base = baseOf(own ?? (await demoBytes()), own === null ? null : dropped!.name);
    const learnt = isImproved ? await new Sealed(files, "network").read() : null;
    if (learnt) {
      base.model.dispose();
      return new Studio(parts, await Network.of({ ...baseOf(learnt, base.info.name), info: base.info }));
    }
    if (isImproved) project.change({ isImproved: false, isHeadTrained: false, run: null });
    return new Studio(parts, await Network.of(base));
  }

  /** After the page has what it shows at once: looks at all pictures and tells the answers. */
  async lookAgain(): Promise<void> {
    const { pictures, classes, isHeadTrained } = this.#project.record;
    if (pictures.length === 0) return;
    await this.#looking.see(pictures.map(({ id }) => id));
    if (isHeadTrained && this.#looking.network.folded.numClasses === classes.length)
      this.#looking.keepHead(classes.length);
    else await this.#looking.fit(pictures, classes.length);
    await this.#looking.tellAnswers(this.#pictures());
  }

  #state() {
    return this.#project.state();
  }

  #pictures(): readonly PictureInfo[] {
    return this.#state().pictures;
  }

  readonly #read = async (id: number): Promise<Image> => {
    const image = await this.#store.get(id);
    if (image) return image;
    const name = this.#pictures().find((picture) => picture.id === id)?.name ?? `picture ${id}`;
    throw new Fault("data", `${name}: its pixels are not in storage any more`, "remove it and drop it again");
  };

  /** A head for the pictures of now, its point on the curve, and the answers. */
  async #fitHead(): Promise<void> {
    const { pictures, classes, curve } = this.#project.record;
    this.#project.change({ isHeadTrained: false });
    await this.#looking.see(pictures.map(({ id }) => id));
    const fitted = await this.#looking.fit(pictures, classes.length);
    if (!fitted) return;
    const { loss, ms } = fitted;
    // a fit takes the place of the fit before it: the curve shows trainings, not drops
    const kept = curve.at(-1)?.stage === "head" ? curve.slice(0, -1) : curve;
    const point = { stage: "head", index: kept.length + 1, loss, ms } as const;
    const made = await this.#looking.tellAnswers(this.#pictures(), point);
    if (made) this.#project.change({ curve: [...kept, made] });
  }

  /** After pictures or classes changed: a training of other ones cannot go on. */
  async #changed(): Promise<void> {
    const { run } = this.#project.record;
    if (run !== null && run.info.state !== "finished") {
      await this.#runFile.remove();
      tell("notice", { text: "The pictures have changed, so the training that had been paused does not go on." });
    }
    this.#project.change({ run: null });
    tell("state", this.#state());
    await this.#fitHead();
    await this.#project.save();
    tell("state", this.#state());
  }

  #classOf(name: string | null): number | null {
    if (name === null) return null;
    const { classes } = this.#project.record;
    const found = classes.indexOf(name);
    if (found >= 0) return found;
    this.#project.change({ classes: [...classes, name] });
    return classes.length;
  }

  async add({ files }: Ask<"add">): Promise<Answer<"add">> {
    const before = this.#project.record.pictures.length;
    let told = before;
    const keep = async ({ name, class: own }: Incoming, decoded: Decoded): Promise<void> => {
      const { lastId } = this.#project.record;
      const id = lastId + 1;
      await this.#store.put(id, decoded.image);
      const { width, height } = decoded;
      const label = this.#classOf(own);
      const likeness = encodeLikeness(decoded.likeness);
      const picture: KeptPicture = { id, name, class: label, side: null, group: id, width, height, likeness };
      this.#project.change({ lastId: id, pictures: [...this.#project.record.pictures, picture] });
    };
    const progress = async (done: number, of: number): Promise<void> => {
      this.#group();
      const pictures = this.#pictures();
      tell("decoded", { pictures: pictures.slice(told), done, of });
      told = pictures.length;
      if (done === of) return;
      tell("state", this.#state());
      await this.#fitHead();
      // a tab that is closed now has these
      await this.#project.save();
    };
    try {
      const refused = await takeIn(files, navigator.hardwareConcurrency || 1, { keep, progress });
      const added = this.#project.record.pictures.length - before;
      if (added > 0) await this.#changed();
      return { added, refused };
    } catch (error) {
      // what was kept before is whole, and stays
      await this.#changed().catch(() => {});
      throw error;
    }
  }

  /** Near duplicates by the likenesses of all. */
  #group(): void {
    const { pictures } = this.#project.record;
    const groups = groupsOf(pictures);
    this.#project.change({ pictures: pictures.map((one, i) => ({ ...one, group: groups[i]! })) });
  }

  /** Classes without pictures go, and numbers of classes follow. */
  #tidyClasses(): void {
    const { classes, pictures } = this.#project.record;
    const used = classes.filter((_, i) => pictures.some((picture) => picture.class === i));
    const placeOf = (own: number | null): number | null => (own === null ? null : used.indexOf(classes[own]!));
    this.#project.change({
      classes: used,
      pictures: pictures.map((one) => ({ ...one, class: placeOf(one.class) })),
    });
  }

  async label({ ids, class: name }: Ask<"label">): Promise<null> {
    const own = this.#classOf(name);
    const chosen = new Set(ids);
    const { pictures } = this.#project.record;
    // a picture of another class may belong on another side
    this.#project.change({
      pictures: pictures.map((one) => (chosen.has(one.id) ? { ...one, class: own, side: null } : one)),
    });
    this.#tidyClasses();
    await this.#changed();
    return null;
  }

  async renameClass({ from, to }: Ask<"renameClass">): Promise<null> {
    const { classes, pictures } = this.#project.record;
    const place = classes.indexOf(from);
    if (place < 0) throw new Fault("bad-request", `there is no class "${from}"`);
    const other = classes.indexOf(to);
    if (other < 0 || other === place) {
      this.#project.change({ classes: classes.map((name, i) => (i === place ? to : name)) });
      await this.#project.save();
      tell("state", this.#state());
      return null;
    }
    // two classes of one name are one
    this.#project.change({ pictures: pictures.map((one) => (one.class === place ? { ...one, class: other } : one)) });
    this.#tidyClasses();
    await this.#changed();
    return null;
  }

  async remove({ ids }: Ask<"remove">): Promise<null> {
    const gone = new Set(ids);
    this.#project.change({ pictures: this.#project.record.pictures.filter(({ id }) => !gone.has(id)) });
    this.#tidyClasses();
    this.#group();
    await this.#changed();
    for (const id of gone) {
      this.#looking.forget(id);
      await this.#store.remove(id);
    }
    return null;
  }

  async base({ file }: Ask<"base">): Promise<BaseInfo> {
    const bytes = file ? new Uint8Array(await file.arrayBuffer()) : await demoBytes();
    const network = await Network.of(baseOf(bytes, file?.name ?? null));
    if (file) await this.#baseFile.write(bytes as Uint8Array<ArrayBuffer>);
    else await this.#baseFile.remove();
    this.#looking.replace(network);
    this.#project.change({ base: file && network.info, isImproved: false, isHeadTrained: false, run: null });
    await this.#networkFile.remove();
    await this.#changed();
    return network.info;
  }

  #samples() {
    return this.#pictures()
      .filter(({ side }) => side === "train")
      .map(({ id, class: own }) => ({ id, class: own! }));
  }

  costs(): Promise<Answer<"costs">> {
    expectTrainable(this.#pictures());
    const { network, bytes } = this.#looking;
    const heldBytes = bytes + this.#store.bytes;
    return costsOf({ network, samples: this.#samples(), read: this.#read, heldBytes });
  }

  async train({ stage, choices }: Ask<"train">): Promise<RunInfo> {
    const pictures = this.#pictures();
    expectTrainable(pictures);
    if (stage === "head") {
      await this.#changed();
      const info = { stage, state: "finished", epoch: 1, epochs: 1, step: 1, steps: 1 } as const;
      tell("run", info);
      return info;
    }
    const { network } = this.#looking;
    const subject = { model: network.info.model, images: network.images, pictures: this.#samples().length };
    await this.#runFile.remove();
    this.#project.change({ run: null });
    return this.#improve(planOf(stage, subject, choices), null);
  }

  async resume(): Promise<RunInfo | null> {
    const { run } = this.#project.record;
    if (run === null || run.info.state === "finished") return null;
    return this.#improve(run.plan, await this.#runFile.read());
  }

  async #improve(plan: Plan, state: Uint8Array | null): Promise<RunInfo> {
    const { network } = this.#looking;
    this.#improving = new Improving({
      project: this.#project,
      network,
      read: this.#read,
      file: this.#runFile,
      tell,
      between: async () => {
        for (const work of this.#between.splice(0)) await work();
      },
      adopt: () => this.#adopt(),
    });
    try {
      return await this.#improving.run(plan, state);
    } finally {
      this.#improving = null;
      for (const work of this.#between.splice(0)) await work();
    }
  }

  /** The network has learnt: saved, and asked for all pictures. */
  async #adopt(): Promise<void> {
    const { network } = this.#looking;
    const { classes, pictures } = this.#project.record;
    this.#looking.replace(network);
    const recipe = { images: network.images };
    await this.#networkFile.write(
      (await encodeModelFile(network.folded, { classes, recipe, pixels: pixelChain })) as Uint8Array<ArrayBuffer>,
    );
    this.#project.change({ isImproved: true, isHeadTrained: true });
    await this.#project.save();
    await this.#looking.see(pictures.map(({ id }) => id));
    this.#looking.keepHead(classes.length);
    await this.#looking.tellAnswers(this.#pictures());
    tell("state", this.#state());
  }

  /** Ends a training; null where there is none. */
  async end(how: Ending): Promise<RunInfo | null> {
    await this.#improving?.end(how);
    return this.#project.record.run?.info ?? null;
  }

  get isTraining(): boolean {
    return this.#improving !== null;
  }

  /** Runs `body` when no step is under way. */
  whenIdle<T>(body: () => Promise<T>): Promise<T> {
    if (this.#improving === null) return body();
    return new Promise((resolve, reject) => {
      this.#between.push(() => body().then(resolve, reject));
    });
  }

  #described() {
    const { network, classes: answered } = this.#looking;
    if (answered < 2) throw new Fault("bad-request", "there is no model yet", "drop pictures of two classes at least");
    const { classes } = this.#project.record;
    return { model: network.folded, classes: classes.slice(0, answered), info: { images: network.images } };
  }

  async classify({ bytes, explain, topK = TOP_K }: Ask<"classify">): Promise<Answer<"classify">> {
    const subject = this.#described();
    const start = performance.now();
    const found = await classify(subject, bytes, { topK: Math.min(topK, subject.classes.length) });
    const ms = performance.now() - start;
    const heat = explain ? await this.#heat(subject, bytes, found[0]!.index) : null;
    const scores = found.map(({ index, label, score }) => ({ class: index, label: label ?? String(index), score }));
    return { scores, heat, ms };
  }

  async #heat(
    subject: Parameters<typeof gradCam>[0],
    picture: Parameters<typeof gradCam>[1],
    own?: number,
  ): Promise<Answer<"explain">> {
    const { map } = await gradCam(subject, picture, own === undefined ? {} : { class: own });
    return { width: map.width, height: map.height, values: Float32Array.from(map.values) };
  }

  async explain({ id, class: own }: Ask<"explain">): Promise<Answer<"explain">> {
    return this.#heat(this.#described(), await this.#read(id), own);
  }

  /** Pictures to draw; those whose file is gone are left out. */
  async pixels({ ids, side }: Ask<"pixels">): Promise<readonly Pixels[]> {
    const found: Pixels[] = [];
    for (const id of ids) {
      const image = await this.#store.get(id);
      if (image) found.push({ id, ...thumbnailOf(image, side) });
    }
    return found;
  }

  async export({ format }: Ask<"export">): Promise<Answer<"export">> {
    const { classes } = this.#described();
    const { network } = this.#looking;
    const { curve } = this.#project.record;
    // what writes files is asked for when there is one to be written: a page begins without it
    const { exportModel, siteBeside } = await import("./exports/index.js");
    return exportModel(
      format,
      {
        project: this.#project.name,
        model: network.folded,
        classes,
        images: network.images,
        pixels: pixelChain,
        pictures: this.#pictures().map(({ id, name, class: own, side }) => ({
          ...{ name, class: own, side },
          image: () => this.#read(id),
        })),
        curve,
        base: network.info,
        machine: `${this.#machine.backend}, ${this.#machine.threads} threads`,
      },
      siteBeside(import.meta.url),
    );
  }

  async clear(): Promise<null> {
    await this.#files.clear();
    this.#store.forget();
    this.#project.reset();
    this.#looking.replace(await Network.of(baseOf(await demoBytes(), null)));
    tell("state", this.#state());
    return null;
  }

  close(): void {
    this.#looking.network.dispose();
  }
}

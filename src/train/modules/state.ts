/**
 * The whole state of a module's training as bytes of one safetensors file: weights, the optimiser's state and averages, each behind
 * a prefix, since a module may be called anything; in the metadata where the run stands and what it is.
 */
import { decodeSafetensors, encodeSafetensors, fromFileEntries, toFileEntries } from "../../models/files/index.js";
import { findNonFinite, showNonFinite } from "../../tensor/finite.js";
import { generator } from "../../tensor/random.js";
import { scope } from "../../tensor/scope.js";
import { shownInError } from "../../util/clipped.js";
import { CheckpointError } from "../../util/errors.js";
import { parseJson } from "../../util/parse-json.js";
import { joinEntries, namedEntries, splitEntries } from "../checkpoints/checkpoint-entries.js";
import { fromOptimizerEntries, toOptimizerEntries } from "../checkpoints/optimizer-entries.js";
import { divergedAt, type Movers } from "../steps/optimization.js";

const FORMAT = "tensorone-module-1";
/** Beside the optimiser's slots, none of which is called so. */
const AVERAGES = "averages";

/** Where a run stands: `batch` of `epoch` comes next. */
export interface Place {
  step: number;
  epoch: number;
  batch: number;
}

interface Header extends Readonly<Place> {
  readonly format: string;
  /** What has to be the same for the run to go on. */
  readonly run: Readonly<Record<string, unknown>>;
  readonly emaSteps: number | null;
  readonly random: { readonly seed: number; readonly stream: number };
}

/** Throws DivergedError where a number of it is not finite. */
export async function encodeState(movers: Movers, place: Place, run: Header["run"]): Promise<Uint8Array> {
  const { model, optimizer, ema } = movers;
  const raw = await toFileEntries(model);
  const slots = new Map(await toOptimizerEntries(model, optimizer.state()));
  if (ema) slots.set(AVERAGES, await toFileEntries(model, ema.averages));
  const entries = { averages: new Map(), raw, optimizer: slots };
  const found = findNonFinite(namedEntries(entries), { as: "float64" });
  if (found) throw divergedAt(optimizer, `${showNonFinite(found)} after step ${place.step}`, "recipe.optimizer.lr");
  const header: Header = { format: FORMAT, ...place, run, emaSteps: ema?.steps ?? null, random: generator.state };
  const metadata = { producer: "tensorone", training: JSON.stringify(header) };
  return encodeSafetensors(joinEntries(entries), metadata, { hashes: true });
}

function headerOf(text: string | undefined, where: string): Header {
  const notJson = () => new CheckpointError(`${where}: its metadata is not JSON, the file is damaged`);
  const header = (parseJson(text ?? "{}", `${where}: its metadata`, CheckpointError, notJson) ?? {}) as Partial<Header>;
  const isPlace = [header.step, header.epoch, header.batch].every((count) => Number.isInteger(count));
  if (header.format !== FORMAT || !isPlace || !header.random)
    throw new CheckpointError(
      `${where}: format ${shownInError(header.format)}, expected ${FORMAT}`,
      "resume takes what train() gave its checkpoint, not the weights alone",
    );
  return header as Header;
}

/** Throws CheckpointError for bytes that are no whole state. */
export function expectState(bytes: Uint8Array, where: string): void {
  headerOf(decodeSafetensors(bytes, where).metadata.training, where);
}

/** Puts a state into a run of the same recipe; returns where it stands. Throws CheckpointError or StateDictError where it does not fit. */
export function restoreState(movers: Movers, bytes: Uint8Array, run: Header["run"], where = "resume"): Place {
  const { entries, metadata } = decodeSafetensors(bytes, where);
  const header = headerOf(metadata.training, where);
  for (const [name, value] of Object.entries(run)) {
    const [came, wanted] = [JSON.stringify(header.run[name]), JSON.stringify(value)];
    if (came !== wanted)
      throw new CheckpointError(
        `${where}: belongs to another run: ${name} is ${came}, expected ${wanted}`,
        "resume with the same recipe, seed and data; model.loadStateDict starts a new run from its weights",
      );
  }
  const { model, ema, optimizer } = movers;
  const { raw, optimizer: all } = splitEntries(entries);
  const slots = new Map(all);
  const averages = slots.get(AVERAGES) ?? new Map();
  slots.delete(AVERAGES);
  scope(() => {
    model.loadStateDict(fromFileEntries(model, raw, where));
    ema?.loadState({ steps: header.emaSteps ?? 0, averages: fromFileEntries(model, averages, where) });
    optimizer.loadState(fromOptimizerEntries(model, slots));
  });
  generator.restore(header.random);
  const { step, epoch, batch } = header;
  return { step, epoch, batch };
}

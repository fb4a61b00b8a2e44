/**
 * An order in which every class comes equally often: each gives ceil(pictures / classes) of its own, rare ones some several times.
 * Within a class pictures come in turn, through one shuffled round after the other over all epochs, so that none is left
 * out for ever. A function of labels, seed and epoch, as the plain order is. It reads no files.
 */
import { randomPermutation, sampleSeed } from "../random.js";

/** Indices by label, of classes that have any. */
function membersOf(labels: ArrayLike<number>): Map<number, number[]> {
  const members = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const own = members.get(labels[i]!);
    if (own) own.push(i);
    else members.set(labels[i]!, [i]);
  }
  return new Map([...members].sort(([a], [b]) => a - b));
}

/** The epochs of a data set with these labels. */
export class BalancedOrder {
  readonly #members: ReadonlyMap<number, readonly number[]>;
  /** Pictures that each class gives to an epoch. */
  readonly perClass: number;

  constructor(labels: ArrayLike<number>) {
    this.#members = membersOf(labels);
    this.perClass = Math.ceil(labels.length / Math.max(1, this.#members.size));
  }

  /** Pictures of an epoch: those of a plain one, and at most one less than there are classes more. */
  get length(): number {
    return this.perClass * this.#members.size;
  }

  /** Indices into the data set, [length], in the order of 0-based `epoch`. */
  of(epoch: number, seed: number): Uint32Array {
    const { perClass } = this;
    const drawn = new Uint32Array(this.length);
    let at = 0;
    for (const [label, own] of this.#members) {
      let round = -1;
      let turns: Uint32Array | undefined;
      for (let i = epoch * perClass; i < (epoch + 1) * perClass; i++) {
        const due = Math.floor(i / own.length);
        if (due !== round) {
          round = due;
          turns = randomPermutation(own.length, sampleSeed(seed, round, label));
        }
        drawn[at++] = own[turns![i % own.length]!]!;
      }
    }
    return randomPermutation(drawn.length, seed + epoch).map((position) => drawn[position]!);
  }
}

/**
 * A step of training with several batches: one of each replica, or those that each accumulates, the replicas spread over the
 * processes of a group. Gradients of each batch with its own statistics, their mean over all, added in the one tree, then
 * optimiser and averages. The bits do not depend on how many processes there are.
 */

import { compile } from "../../compile/compile.js";
import type { Batch } from "../../data/reading/loader.js";
import { update } from "../../ops/apply.js";
import * as F from "../../ops/functional/index.js";
import { areFinite } from "../../optim/grad-scaler.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import { turnOfEventLoop } from "../../util/platform.js";
import { gather } from "../replicas/agreement.js";
import type { ProcessGroup } from "../replicas/process-group.js";
import { type ReplicaRange, replicaShare, subtreesOf } from "../replicas/replica-tree.js";
import { type Accumulation, type AccumulatorSlot, planAccumulation } from "./accumulation.js";
import { BatchLoss, type BatchLossOptions, type BatchResult, type StepAnswers, type StepInputs } from "./batch-loss.js";
import { GradientLayout } from "./gradient-layout.js";
import { KeptStatistics } from "./kept-statistics.js";
import { recordingsOf, recordingsOfAPhase, type Session, type UpdateResult } from "./session.js";

/** How the ranks fared in one step. */
export interface RankTimes {
  /** From the step's begin to this rank's last gradient, waiting for data included, by rank. */
  readonly computeMs: readonly number[];
  /** This rank's time in the sum over replicas, which starts when all ranks are there. */
  readonly exchangeMs: number;
}

export interface ReplicaUpdateResult extends UpdateResult {
  readonly ranks: RankTimes;
  readonly dataWaitMs: number;
  /** The largest `stop` that any rank gave. */
  readonly stop: number;
}

/** Of the batches of a replica together. */
const noResult: BatchResult = { loss: 0, correct: 0, images: 0 };

const joined = (a: BatchResult, b: BatchResult): BatchResult => ({
  loss: a.loss + b.loss,
  correct: a.correct + b.correct,
  images: a.images + b.images,
});

export class ReplicaUpdate {
  readonly #session: Session;
  readonly #replicas: number;
  readonly #group: ProcessGroup;
  /** By the batches that each replica adds: those of a full step, and of the last one of an epoch. */
  readonly #plans = new Map<number, Accumulation>();
  readonly #subtrees: readonly ReplicaRange[];
  readonly #mostReplicas: number;
  readonly #layout: GradientLayout;
  readonly #gradients: Tensor;
  readonly #buffers: readonly Tensor[];
  /** Where the sum over all replicas ends up. */
  readonly #total: Tensor;
  readonly #statistics: KeptStatistics | null;
  /** On rank 0, which saves: those before the step under way. */
  readonly #former: KeptStatistics | null;
  #place: "between" | "computing" | "moving" = "between";
  readonly #loss: BatchLoss;

  /** The gradients go to the flat tensor. */
  readonly #backward: (inputs: StepInputs) => StepAnswers;

  readonly #apply = compile((): undefined => {
    this.#statistics?.restore();
    const { batchesOfStep, scaler } = this.#session;
    // a factor of the loss is a power of two: dividing by both at once rounds as by one
    const share = 1 / (this.#replicas * batchesOfStep * (scaler?.scaleNow ?? 1));
    this.#layout.lend(share === 1 ? this.#total : F.mul(this.#total, share));
    this.#session.applyGradients();
  }, recordingsOfAPhase);

  /** For a rank of `group` that has at least one of the replicas. */
  constructor(session: Session, replicas: number, group: ProcessGroup, options: BatchLossOptions = {}) {
    this.#session = session;
    this.#loss = new BatchLoss(session, options);
    this.#backward = compile(
      (inputs: StepInputs) => this.#loss.backward(inputs, () => this.#layout.collect(this.#gradients)),
      recordingsOf(session.recipe),
    );
    this.#replicas = replicas;
    this.#group = group;
    const share = replicaShare(replicas, group.worldSize, group.rank);
    this.#mostReplicas = replicaShare(replicas, group.worldSize, 0).count;
    this.#subtrees = subtreesOf(share, replicas);
    const { buffers, sums } = this.#planOf(session.recipe.accumulate ?? 1);
    this.#layout = new GradientLayout(session.model);
    this.#gradients = this.#layout.allocate();
    this.#buffers = Array.from({ length: buffers }, () => this.#layout.allocate());
    this.#total = this.#at(sums[0]!);
    this.#former = group.rank === 0 ? new KeptStatistics(session.model) : null;
    this.#statistics = share.first === 0 && share.count > 1 ? new KeptStatistics(session.model) : null;
  }

  /** Sums and buffers are the same for any number. */
  #planOf(batches: number): Accumulation {
    const { accumulate = 1 } = this.#session.recipe;
    const known = this.#plans.get(batches);
    const plan = known ?? planAccumulation(this.#subtrees, { batches, accumulates: accumulate > 1 });
    this.#plans.set(batches, plan);
    return plan;
  }

  #at(place: AccumulatorSlot): Tensor {
    return place === "gradients" ? this.#gradients : this.#buffers[place]!;
  }

  /**
   * One update from the batches of this rank's replicas, asked for in turn, all of a replica before those of the next. `stop` is what this rank tells the
   * others once its gradients are there, 0 for nothing. Throws DivergedError, on all ranks, when a loss is no number, before anything has changed.
   */
  async run(nextBatch: () => Promise<Batch>, stop: () => number): Promise<ReplicaUpdateResult> {
    const session = this.#session;
    const start = performance.now();
    const rates = session.beginStep();
    this.#former?.keep();
    this.#place = "computing";
    const plan = this.#planOf(session.batchesOfStep);
    const { accumulate = 1 } = session.recipe;
    const own: BatchResult[] = [];
    let replica = noResult;
    let batchOfReplica = 0;
    let dataWaitMs = 0;
    for (const step of plan.steps) {
      if (step.kind === "store") update("assign", [this.#at(step.into), this.#gradients], {});
      else if (step.kind === "add") update("accumulate", [this.#at(step.into), this.#at(step.from)], {});
      else {
        const batch = await nextBatch();
        dataWaitMs += batch.dataWaitMs;
        const place = step.replica * accumulate + batchOfReplica++;
        replica = joined(replica, await this.#compute(batch, place));
        batch.release();
        if (step.isLast) {
          own.push(replica);
          replica = noResult;
          batchOfReplica = 0;
          if (step.replica === 0) this.#statistics?.keep();
        }
        await turnOfEventLoop();
      }
    }
    const report = await this.#report(own, performance.now() - start, stop());
    session.expectFinite(report.loss);
    const exchangeMs = await this.#exchange(plan);
    const areFinite = session.scaler ? await this.#areFinite() : true;
    if (areFinite) {
      this.#place = "moving";
      this.#apply();
    } else this.#statistics?.restore();
    // the gradients that have moved them had the scale of before
    session.rescale(areFinite);
    session.step++;
    this.#place = "between";
    return { ...report, rates, dataWaitMs, ranks: { computeMs: report.computeMs, exchangeMs } };
  }

  /** After run() threw: puts the running statistics back, which every batch moves; false where weights were being moved. */
  undo(): boolean {
    if (this.#place === "computing") this.#former?.restore();
    return this.#place !== "moving";
  }

  async #compute(batch: Batch, place: number): Promise<BatchResult> {
    const mix = this.#loss.mixOf(batch, place);
    const asked = scope(() => {
      const results = this.#backward(this.#loss.inputs(batch, mix));
      // asked for while they are there
      return [results.loss.data(), results.logits.data()] as const;
    });
    const [loss, logits] = await Promise.all(asked);
    return this.#loss.result(batch, mix, loss, logits);
  }

  /** What all ranks learn of all replicas; the mean is taken in the order of the replicas. */
  async #report(own: readonly BatchResult[], computeMs: number, stop: number) {
    const padded = Array.from({ length: this.#mostReplicas }, (_, i) => own[i] ?? noResult);
    const head = [stop, computeMs, own.length];
    const rows = await gather(this.#group, [...head, ...padded.flatMap((r) => [r.loss, r.correct, r.images])]);
    const all = rows.flatMap((row) => {
      const numbers = row.slice(head.length);
      return Array.from({ length: row[2]! }, (_, i) => numbers.slice(3 * i, 3 * i + 3) as [number, number, number]);
    });
    const sum = (field: 0 | 1 | 2) => all.reduce((total, result) => total + result[field], 0);
    return {
      loss: sum(0) / (this.#replicas * this.#session.batchesOfStep),
      correct: sum(1),
      images: sum(2),
      stop: Math.max(...rows.map(([value]) => value!)),
      computeMs: rows.map(([, value]) => value!),
    };
  }

  /** The same on every rank: all have the same total. */
  async #areFinite(): Promise<boolean> {
    const [areAll] = await scope(() => areFinite([this.#total]).data());
    return areAll === 1;
  }

  /** Sums over all replicas into the total; the milliseconds it took. */
  async #exchange({ sums }: Accumulation): Promise<number> {
    // the one sum of the one process is the total
    if (this.#group.worldSize === 1 && sums.length === 1) return 0;
    const start = performance.now();
    const tensors = sums.map((place) => this.#at(place));
    // before the first view: reading may allocate, which ends a view
    const copies = await Promise.all(tensors.map((tensor) => (tensor.view() === null ? tensor.data() : null)));
    const views = tensors.map((tensor, i) => (copies[i] ?? tensor.view()) as Float32Array);
    await this.#group.sumReplicas(views, this.#replicas, views[0]!);
    // a copy has to go back to where it came from
    if (copies[0]) tensors[0]!.write(views[0]!);
    return performance.now() - start;
  }
}

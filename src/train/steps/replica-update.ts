/**
 * A step of training with several replicas, spread over the processes of a group: each replica's gradients from its own
 * batch and batch statistics, their mean over all replicas, added in the one tree, then optimiser and averages. The bits
 * do not depend on how many processes there are.
 */

import { compile } from "../../compile/compile.js";
import type { Batch } from "../../data/reading/loader.js";
import { update } from "../../ops/apply.js";
import * as F from "../../ops/functional/index.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import { turnOfEventLoop } from "../../util/platform.js";
import { gather } from "../replicas/agreement.js";
import type { ProcessGroup } from "../replicas/process-group.js";
import { replicaShare, subtreesOf } from "../replicas/replica-tree.js";
import { type Accumulation, type AccumulatorSlot, planAccumulation } from "./accumulation.js";
import { BatchLoss, type BatchLossOptions, type BatchResult, type StepInputs } from "./batch-loss.js";
import { GradientLayout } from "./gradient-layout.js";
import { KeptStatistics } from "./kept-statistics.js";
import { recordingsOfAPhase, type Session, type UpdateResult } from "./session.js";

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

export class ReplicaUpdate {
  readonly #session: Session;
  readonly #replicas: number;
  readonly #group: ProcessGroup;
  readonly #plan: Accumulation;
  readonly #mostReplicas: number;
  readonly #layout: GradientLayout;
  readonly #gradients: Tensor;
  readonly #buffers: readonly Tensor[];
  /** Where the sum over all replicas ends up. */
  readonly #total: Tensor;
  readonly #statistics: KeptStatistics | null;
  readonly #loss: BatchLoss;

  /** The gradients go to the flat tensor. */
  readonly #backward = compile(
    (inputs: StepInputs) => this.#loss.backward(inputs, () => this.#layout.collect(this.#gradients)),
    recordingsOfAPhase,
  );

  readonly #apply = compile(() => {
    this.#statistics?.restore();
    this.#layout.lend(this.#replicas === 1 ? this.#total : F.mul(this.#total, 1 / this.#replicas));
    this.#session.applyGradients();
    return undefined;
  });

  /** For a rank of `group` that has at least one of the replicas. */
  constructor(session: Session, replicas: number, group: ProcessGroup, options: BatchLossOptions = {}) {
    this.#session = session;
    this.#loss = new BatchLoss(session, options);
    this.#replicas = replicas;
    this.#group = group;
    const share = replicaShare(replicas, group.worldSize, group.rank);
    this.#mostReplicas = replicaShare(replicas, group.worldSize, 0).count;
    this.#plan = planAccumulation(subtreesOf(share, replicas));
    this.#layout = new GradientLayout(session.model);
    this.#gradients = this.#layout.allocate();
    this.#buffers = Array.from({ length: this.#plan.buffers }, () => this.#layout.allocate());
    this.#total = this.#at(this.#plan.sums[0]!);
    this.#statistics = share.first === 0 && share.count > 1 ? new KeptStatistics(session.model) : null;
  }

  #at(place: AccumulatorSlot): Tensor {
    return place === "gradients" ? this.#gradients : this.#buffers[place]!;
  }

  /**
   * One update from one batch of each of this rank's replicas, asked for in turn. `stop` is what this rank tells the
   * others once its gradients are there, 0 for nothing. Throws DivergedError, on all ranks, when a loss is no number, before anything has changed.
   */
  async run(nextBatch: () => Promise<Batch>, stop: () => number): Promise<ReplicaUpdateResult> {
    const session = this.#session;
    const start = performance.now();
    const rates = session.beginStep();
    const own: BatchResult[] = [];
    let dataWaitMs = 0;
    for (const step of this.#plan.steps) {
      if (step.kind === "store") update("assign", [this.#at(step.into), this.#gradients], {});
      else if (step.kind === "add") update("accumulate", [this.#at(step.into), this.#at(step.from)], {});
      else {
        const batch = await nextBatch();
        dataWaitMs += batch.dataWaitMs;
        own.push(await this.#compute(batch, step.replica));
        batch.release();
        if (step.replica === 0) this.#statistics?.keep();
        await turnOfEventLoop();
      }
    }
    const report = await this.#report(own, performance.now() - start, stop());
    session.expectFinite(report.loss);
    const exchangeMs = await this.#exchange();
    this.#apply();
    session.step++;
    return { ...report, rates, dataWaitMs, ranks: { computeMs: report.computeMs, exchangeMs } };
  }

  async #compute(batch: Batch, replica: number): Promise<BatchResult> {
    const mix = this.#loss.mixOf(batch, replica);
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
    const absent = { loss: 0, correct: 0, images: 0 };
    const padded = Array.from({ length: this.#mostReplicas }, (_, i) => own[i] ?? absent);
    const head = [stop, computeMs, own.length];
    const rows = await gather(this.#group, [...head, ...padded.flatMap((r) => [r.loss, r.correct, r.images])]);
    const all = rows.flatMap((row) => {
      const numbers = row.slice(head.length);
      return Array.from({ length: row[2]! }, (_, i) => numbers.slice(3 * i, 3 * i + 3) as [number, number, number]);
    });
    const sum = (field: 0 | 1 | 2) => all.reduce((total, result) => total + result[field], 0);
    return {
      loss: sum(0) / this.#replicas,
      correct: sum(1),
      images: sum(2),
      stop: Math.max(...rows.map(([value]) => value!)),
      computeMs: rows.map(([, value]) => value!),
    };
  }

  /** Sums over all replicas into the total; the milliseconds it took. */
  async #exchange(): Promise<number> {
    const start = performance.now();
    const tensors = this.#plan.sums.map((place) => this.#at(place));
    // before the first view: reading may allocate, which ends a view
    const copies = await Promise.all(tensors.map((tensor) => (tensor.view() === null ? tensor.data() : null)));
    const views = tensors.map((tensor, i) => (copies[i] ?? tensor.view()) as Float32Array);
    await this.#group.sumReplicas(views, this.#replicas, views[0]!);
    // a copy has to go back to where it came from
    if (copies[0]) tensors[0]!.write(views[0]!);
    return performance.now() - start;
  }
}

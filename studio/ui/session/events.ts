/** Lets the worker's events become the page's state. */
import { batch } from "@preact/signals";
import type { Client } from "../../client.js";
import type { Answers, CurvePoint, Events, Opened, PictureInfo, ProjectState } from "../../protocol.js";
import { percent } from "../parts/words.js";
import * as state from "./state.js";

const byId = (pictures: readonly PictureInfo[]): Map<number, PictureInfo> =>
  new Map(pictures.map((picture) => [picture.id, picture]));

export function takeState(project: ProjectState): void {
  batch(() => {
    state.classNames.value = project.classes;
    state.emptyClasses.value = state.emptyClasses.value.filter((name) => !project.classes.includes(name));
    state.pictures.value = byId(project.pictures);
    state.base.value = project.base;
    state.pixelChain.value = project.pixels;
    state.curve.value = project.curve;
    state.run.value = project.run;
    const known = state.answers.value;
    state.answers.value = new Map([...known].filter(([id]) => state.pictures.value.has(id)));
  });
}

export function takeOpened({ machine, state: project }: Opened): void {
  batch(() => {
    state.machine.value = machine;
    takeState(project);
  });
}

function takeAnswers({ ids, classes, scores, worstFirst }: Answers): void {
  const ranks = new Int32Array(ids.length);
  worstFirst.forEach((place, rank) => {
    ranks[place] = rank;
  });
  const answers = new Map<number, state.PictureAnswer>();
  ids.forEach((id, i) => {
    const own = scores.subarray(i * classes, (i + 1) * classes);
    let best = 0;
    own.forEach((score, k) => {
      if (score > own[best]!) best = k;
    });
    answers.set(id, { class: best, score: own[best]!, scores: own, rank: ranks[i]! });
  });
  state.answers.value = answers;
}

/** Points of the live curve that are kept; of more, every other one. */
const MOST_LIVE = 2000;

function takeStep(step: Events["step"]): void {
  state.lastStep.value = step;
  const epochs = state.run.value?.epochs ?? 1;
  const perEpoch = Math.max(1, step.of / epochs);
  // the curve has a point for each epoch of this training that is done
  const start = state.curve.value.length - Math.floor((step.n - 1) / perEpoch);
  const points = [...state.live.value, { at: start + step.n / perEpoch, loss: step.loss }];
  state.live.value = points.length > MOST_LIVE ? points.filter((_, i) => i % 2 === 1) : points;
}

function takeEpoch({ point, confusion }: Events["epoch"]): void {
  const same = (other: CurvePoint): boolean => other.index === point.index;
  state.curve.value = [...state.curve.value.filter((other) => !same(other)), point];
  state.confusion.value = confusion;
  const { run } = state;
  const where =
    point.stage === "head" ? "Classifier" : `Epoch ${run.value?.epoch ?? point.index} of ${run.value?.epochs ?? "?"}`;
  const accuracy = point.valAccuracy ?? point.trainAccuracy;
  const side = point.valAccuracy === null ? "training" : "validation";
  state.spoken.value = `${where}: loss ${point.loss.toFixed(2)}${accuracy === null ? "" : `, ${side} ${percent(accuracy)} right`}`;
}

function takeRun(run: Events["run"]): void {
  const before = state.run.value;
  // a new training begins its live curve anew, one that goes on keeps it
  if (run.state === "running" && (before === null || before.state === "finished" || before.stage !== run.stage))
    state.live.value = [];
  state.run.value = run;
  if (run.state === "finished") state.live.value = [];
}

type Takers = { readonly [K in keyof Events]: (event: Events[K]) => void };
const takers: Takers = {
  ready: (machine) => {
    state.machine.value = machine;
  },
  state: takeState,
  decoded: ({ pictures, done, of }) => {
    state.pictures.value = new Map([...state.pictures.value, ...byId(pictures)]);
    state.decoding.value = done < of ? { done, of } : null;
  },
  step: takeStep,
  epoch: takeEpoch,
  answers: takeAnswers,
  saved: (saved) => {
    state.saved.value = saved;
  },
  memory: (memory) => {
    state.memory.value = memory;
  },
  run: takeRun,
  notice: ({ text }) => {
    if (!state.notices.value.includes(text)) state.notices.value = [...state.notices.value, text];
  },
};

/** Listens to all events of a client. */
export function listen(client: Client): void {
  const on = <K extends keyof Events>(name: K): void => {
    client.on(name, (event) => batch(() => takers[name](event)));
  };
  for (const name of Object.keys(takers) as (keyof Events)[]) on(name);
}

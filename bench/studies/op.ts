/** One op of the spec on shapes and attributes from the command line. */
import { choice, flagOf, type Option, text, type Values } from "../../src/cli/options.js";
import type { OpName } from "../../src/ops/spec/index.js";
import { type DType, dtypes } from "../../src/tensor/dtype.js";
import { UsageError } from "../../src/util/errors.js";
import { nearestName } from "../../src/util/nearest.js";
import { opCase } from "../measure/case.js";
import { describeMachine, machineLine } from "../measure/machine.js";
import { jsonOption, quickOption, threadsOption } from "../options.js";
import { finish } from "../report/finish.js";
import { asLines, kernelTable, peaksLine } from "../report/tables.js";
import { defineStudy } from "../study.js";
import { measureKernels } from "../work/measure-kernels.js";
import {
  type AttributeName,
  attributeReaders,
  attributesOf,
  opNames,
  readShape,
  usualAttributes,
} from "../work/op-attributes.js";

type AttributeOptions = {
  readonly [A in AttributeName as A extends "shape" | "dtype" ? `to${Capitalize<A>}` : A]: Option<unknown>;
};

/** The shape and the dtype of what comes out: --shape and --dtype are those of what goes in. */
const flagNames = { shape: "toShape", dtype: "toDtype" } as const;
const flagNameOf = (name: AttributeName): string =>
  name in flagNames ? flagNames[name as keyof typeof flagNames] : name;

const attributeNames = Object.keys(attributeReaders) as AttributeName[];

/** Ops that take an attribute, for its help. */
function takers(name: AttributeName): string {
  const ops = opNames.filter((op) => name in usualAttributes[op]);
  return ops.length > 4 ? `${ops.slice(0, 3).join(", ")} and ${ops.length - 3} more` : ops.join(", ");
}

const attributeOptions = Object.fromEntries(
  attributeNames.map((name): [string, Option<unknown>] => [
    flagNameOf(name),
    {
      ...({
        form: "value",
        fallback: undefined,
        help: `of ${takers(name)}`,
        expected: attributeReaders[name].placeholder,
      } as const),
      ...attributeReaders[name],
    },
  ]),
) as unknown as AttributeOptions;

function opOf(name: string): OpName {
  const found = opNames.find((one) => one === name);
  if (found !== undefined) return found;
  const nearest = nearestName(name, opNames);
  throw new UsageError(
    `bench: there is no op ${name}${nearest === undefined ? "" : `, the nearest is ${nearest}`}`,
    `known are ${opNames.join(", ")}`,
  );
}

/** The case that a command line means. Throws UsageError, ShapeError or DTypeError where it means none. */
export function caseOf(values: Values<typeof options>, words: readonly string[]) {
  if (values.op === undefined)
    throw new UsageError("bench: no op, expected --op NAME", `known are ${opNames.join(", ")}`);
  const op = opOf(values.op);
  const texts = [...(values.shape?.split(",") ?? []), ...words];
  const shapes = texts.map((one) => readShape(one, "bench: --shape"));
  const isDrawn = "seed" in usualAttributes[op];
  if (shapes.length === 0 && !isDrawn)
    throw new UsageError(
      `bench: ${op} has no input, expected --shape with the sizes of each`,
      "--shape 32x56x56x64 3x3x64x64",
    );
  const given = attributeNames.flatMap((name) => {
    const value = (values as { readonly [flag: string]: unknown })[flagNameOf(name)];
    return value === undefined ? [] : [[name, value] as const];
  });
  const attrs = attributesOf(op, Object.fromEntries(given));
  const written = given.map(([name]) => flagOf(flagNameOf(name)).slice(2));
  const name = [op, ...texts, ...(written.length > 0 ? [`(${written.join(", ")} given)`] : [])].join(" ");
  return opCase({ group: "op", name, op, shapes, attrs, dtype: values.dtype });
}

const options = {
  op: text({ help: "which", placeholder: "NAME" }),
  shape: text({ help: "sizes of each input, one after the other; scalar for none", placeholder: "SIZES" }),
  dtype: choice<DType>(Object.keys(dtypes) as DType[], { help: "of inputs that may have any", default: "float32" }),
  ...attributeOptions,
  threads: threadsOption("1"),
  quick: quickOption,
  json: jsonOption,
};

export const study = defineStudy({
  name: "op",
  help: "one op on shapes of your own: time, GFLOP/s, GB/s, share of the measured peak",
  words: { names: [], isRepeated: true },
  options,
  examples: [
    "op --op matmul --shape 512x256 256x1000",
    "op --op conv2d --shape 32x56x56x64 3x3x64x64 --padding 1 --threads 1,2",
  ],
  async run(values, words, tell) {
    const one = caseOf(values, words);
    const machine = describeMachine();
    tell(machineLine(machine));
    const { threads, quick, json } = values;
    const results = await measureKernels([one], { threads: threads ?? [1], isQuick: quick }, (rows, peaks) => {
      for (const line of ["", peaksLine(peaks), ...asLines(kernelTable(rows))]) tell(line);
    });
    finish("op", machine, results, null, { json, save: undefined }, tell);
  },
});

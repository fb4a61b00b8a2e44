/** PyTorch's answers to random cases: run-cases.py, one process for all. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { repositoryRoot } from "../../bench/paths.js";
import { torchPython } from "../io/torch-python.js";
import type { Answer, Case, Values } from "./case.js";

type Written = readonly [shape: readonly number[], base64: string];
type Line =
  | { readonly outputs: readonly Written[]; readonly gradients: readonly Written[] }
  | { readonly error: string };

export interface TorchAnswers {
  readonly float64: Answer;
  readonly float32: Answer;
}

const script = join(repositoryRoot, "test/torch-cases/run-cases.py");

const read = ([shape, base64]: Written): Values => {
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  return { shape, values: new Float64Array(bytes.buffer) };
};

const answerOf = (line: Line): Answer =>
  "error" in line ? line : { outputs: line.outputs.map(read), gradients: line.gradients.map(read) };

const written = ({ operands, torch }: Case): string =>
  JSON.stringify({
    torch,
    operands: operands.map(({ shape, kind, values }) => [
      shape,
      kind,
      Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64"),
    ]),
  });

export function askTorchCases(cases: readonly Case[]): TorchAnswers[] {
  const run = spawnSync(torchPython!, ["-B", script], {
    input: cases.map(written).join("\n"),
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return run.stdout
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [float64, float32] = JSON.parse(line) as [Line, Line];
      return { float64: answerOf(float64), float32: answerOf(float32) };
    });
}

/**
 * Work handed to PyTorch in files: a folder with work.json and tensors in safetensors goes to compare/training_torch.py,
 * which leaves its answers there or on stdout. Weights and batches are ours, so that both start alike.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "../../src/models/files/index.js";
import { UsageError } from "../../src/util/errors.js";
import { benchFolder } from "../paths.js";

const program = join(benchFolder, "compare", "training_torch.py");
/** Debian's python3-torch serves Debian's python3 only. */
const pythons = ["python3", "/usr/bin/python3"];

function findPython(): string {
  const found = pythons.find((python) => spawnSync(python, ["-c", "import torch"]).status === 0);
  if (found === undefined)
    throw new UsageError("bench: no python3 with torch, expected one", "on Debian: apt-get install python3-torch");
  return found;
}

export class TorchWork {
  readonly #folder = mkdtempSync(join(tmpdir(), "tensorone-torch-"));
  readonly #python = findPython();

  write(name: string, entries: ReadonlyMap<string, StoredTensor>): void {
    writeFileSync(join(this.#folder, `${name}.safetensors`), encodeSafetensors(entries));
  }

  read(name: string): Map<string, StoredTensor> {
    return decodeSafetensors(readFileSync(join(this.#folder, `${name}.safetensors`))).entries;
  }

  /** Runs one command of training_torch.py; what it prints comes back. */
  run(command: "gradients" | "run", work: object): string {
    writeFileSync(join(this.#folder, "work.json"), JSON.stringify(work));
    const done = spawnSync(this.#python, [program, command, this.#folder], {
      encoding: "utf8",
      maxBuffer: 2 ** 26,
      // threads that spin while others want the cores take minutes for seconds
      env: { ...process.env, OMP_WAIT_POLICY: "passive" },
    });
    if (done.status !== 0) throw new Error(`training_torch.py ${command} ended with ${done.status}: ${done.stderr}`);
    return done.stdout;
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

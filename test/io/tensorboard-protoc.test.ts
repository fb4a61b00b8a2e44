/** Event files read by protoc, with the public definitions of their messages. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stepsPerEpoch } from "../train/a-run.js";
import { filesIn, writeEvents } from "../train/event-files.js";

const definitions = join(import.meta.dirname, "..", "golden", "tensorboard");
const isHere = spawnSync("protoc", ["--version"]).status === 0;
if (!isHere) console.warn("\n  SKIPPED: event files read by protoc: apt-get install -y protobuf-compiler\n");

/** As the first field of a list, which is how protoc reads many messages. */
function listed(record: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = record.length; ; rest = Math.floor(rest / 128)) {
    length.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) break;
  }
  return Uint8Array.from([0x0a, ...length, ...record]);
}

function decode(records: readonly Uint8Array[]): string {
  const command = spawnSync("protoc", [`-I${definitions}`, "--decode=tensorboard.Events", "event.proto"], {
    input: Buffer.concat(records.map(listed)),
    encoding: "utf8",
  });
  expect(command.stderr).toBe("");
  expect(command.status).toBe(0);
  return command.stdout;
}

describe.skipIf(!isHere)("protoc reads", () => {
  let out = "";
  beforeEach(() => {
    out = mkdtempSync(join(tmpdir(), "tensorone-protoc-"));
  });
  afterEach(() => rmSync(out, { recursive: true, force: true }));

  test("every event of two runs, all fields known", async () => {
    await writeEvents(out, 0, stepsPerEpoch);
    await writeEvents(out, stepsPerEpoch, 2 * stepsPerEpoch);
    const files = filesIn(join(out, "tensorboard"));
    const texts = files.map((records) =>
      decode(records)
        .split(/^event /m)
        .slice(1),
    );
    const [first, second] = texts as [string[], string[]];
    expect(first).toHaveLength(files[0]!.length);
    // a field without a name would be shown by its number
    expect(texts.flat().filter((text) => /^\s*\d+[: ]/m.test(text))).toEqual([]);
    const words = (text: string): string => text.replace(/\s+/g, " ").trim();
    expect(words(first[0]!)).toBe('{ wall_time: 1700000000.25 file_version: "brain.Event:2" }');
    expect(words(first[1]!)).toMatch(
      /^\{ wall_time: 1700000000\.25 summary \{ value \{ tag: "recipe\/text_summary" tensor \{ dtype: DT_STRING tensor_shape \{ dim \{ size: 1 \} \} string_val: ".*\\"name\\": \\"mobileone_s0-demo\\".*" \} metadata \{ plugin_data \{ plugin_name: "text" \} \} \} \} \}$/,
    );
    const figures: readonly (readonly [string, number])[] = [
      ["loss", 2.29],
      ["top1", 25],
      ["lr", 0.05],
      ["weightDecay", 0.0001],
      ["epoch", 1],
      ["imagesPerSecond", 212],
      ["dataWait", 0.03],
      ["stepMs", 150],
    ];
    const values = figures.map(([name, figure]) => `value { tag: "train/${name}" simple_value: ${figure} }`);
    expect(words(first[2]!)).toBe(`{ wall_time: 1700000000.25 step: 1 summary { ${values.join(" ")} } }`);
    expect(words(first.at(-1)!)).toBe(
      '{ wall_time: 1700000000.25 step: 50 summary { value { tag: "val/top1" simple_value: 52.34 } value { tag: "val/top5" simple_value: 95 } value { tag: "val/loss" simple_value: 1.25 } } }',
    );
    expect(words(second[1]!)).toBe("{ wall_time: 1700000000.25 step: 51 session_log { status: START } }");
    expect(words(second.at(-1)!)).toContain('tag: "val/raw/top1" simple_value: 50 }');
  });
});

import { describe, expect, it } from "vitest";
import { makeRecord, type RecordedCall, readRecord, viewsOf } from "../../src/backends/wasm/runtime/program-record.js";

const call = (kernel: number | null, tasks: number, args: readonly number[]): RecordedCall => ({
  // above 2 GiB, where an int32 is negative
  kernel: kernel === null ? null : { id: kernel, pointer: 0xf000_0000 + kernel, bytes: 100 + kernel },
  tasks,
  chunk: Math.ceil(tasks / 3),
  args,
});
const programs: Readonly<Record<string, readonly (readonly RecordedCall[])[]>> = {
  "no stages": [],
  "one call without arguments": [[call(0, 1, [])]],
  "calls side by side and one after the other": [
    [call(3, 10, [1, -2, 3]), call(null, 1, []), call(3, 7, [4])],
    [call(null, 1, [])],
    [call(5, 2 ** 30, [2 ** 31 - 1, -(2 ** 31)]), call(0, 1, [9, 9])],
  ],
};
const ids = { first: 0, later: 41 };
/** A kernel's entry that tells its number. */
const runOf = (kernel: number) => Object.assign(() => {}, { kernel });

describe.each(Object.entries(programs))("a record of %s", (_, stages) => {
  const record = makeRecord(ids.later, stages);
  const calls = stages.flat();

  it("says how long it is, and is as long as it must be", () => {
    expect([...record.subarray(0, 4)]).toEqual([ids.later, record.length, calls.length, stages.length]);
    const { args, ...others } = viewsOf(record);
    const fields = Object.values(others).filter((field) => typeof field === "object");
    expect(args.length).toBe(calls.reduce((sum, one) => sum + one.args.length, 0));
    expect(4 + fields.reduce((sum, { length }) => sum + length, 0) + args.length).toBe(record.length);
  });

  it("gives every word back", () => {
    const asked: (readonly number[])[] = [];
    const read = readRecord(viewsOf(record), (...kernel) => {
      asked.push(kernel);
      return runOf(kernel[0]);
    })!;
    expect(asked).toEqual(calls.flatMap(({ kernel }) => (kernel ? [[kernel.id, kernel.pointer, kernel.bytes]] : [])));
    const again = stages.map((_own, stage) =>
      Array.from({ length: read.stageStart[stage + 1]! - read.stageStart[stage]! }, (__, i) => {
        const at = read.stageStart[stage]! + i;
        const id = (read.calls[at] as ReturnType<typeof runOf> | null)?.kernel ?? null;
        return { ...call(id, read.tasks[at]!, [...read.argsOf[at]!]), chunk: read.chunks[at]! };
      }),
    );
    expect(again).toEqual(stages);
    expect([...read.stageTasks]).toEqual(stages.map((own) => own.reduce((sum, { tasks }) => sum + tasks, 0)));
    expect([...read.next, ...read.done]).toEqual(new Array(calls.length + stages.length).fill(0));
  });

  it("shares its memory with what was read", () => {
    const read = readRecord(viewsOf(record), runOf)!;
    read.next.fill(7);
    read.done.fill(8);
    const views = viewsOf(record);
    expect([...views.next, ...views.done]).toEqual([...calls.map(() => 7), ...stages.map(() => 8)]);
  });

  it("is null to a thread that cannot see a kernel yet", () => {
    const read = readRecord(viewsOf(record), () => null);
    expect(read === null).toBe(calls.some(({ kernel }) => kernel !== null));
  });
});

it("is read by the source text that travels to a worker", () => {
  const scope = new Function(`return { viewsOf: ${viewsOf}, readRecord: ${readRecord} }`)() as {
    viewsOf: typeof viewsOf;
    readRecord: typeof readRecord;
  };
  const record = makeRecord(ids.first, Object.values(programs).at(-1)!);
  expect(scope.readRecord(scope.viewsOf(record), () => null)).toBeNull();
  expect(scope.viewsOf(record)).toEqual(viewsOf(record));
});

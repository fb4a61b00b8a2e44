/** What the gpu backend takes only from who asks for it: a device that is the processor's, and float64 with float32's digits. */
import { afterEach, describe, expect, it } from "vitest";
import { compile, getBackend, oneHot, setBackend, type Tensor, tensor, zeros } from "../../src/index.js";
import { BackendError, DTypeError } from "../../src/util/errors.js";
import { noDriver } from "./software-vulkan.js";

afterEach(async () => {
  await getBackend().dispose?.();
  await setBackend("reference");
});

describe.skipIf(noDriver !== null)("a device that is the processor's", () => {
  it("is refused, with how to ask for it, and taken by option and environment", async () => {
    const refused = setBackend("gpu", { allowSoftware: false });
    await expect(refused).rejects.toThrow(BackendError);
    await expect(refused).rejects.toThrow(/software on the processor .*expected a GPU\n.*TENSORONE_ALLOW_SOFTWARE=1/s);
    Reflect.deleteProperty(process.env, "TENSORONE_ALLOW_SOFTWARE");
    await expect(setBackend("gpu")).rejects.toThrow("expected a GPU");
    expect((await setBackend("gpu", { allowSoftware: true })).device?.isSoftware).toBe(true);
    process.env.TENSORONE_ALLOW_SOFTWARE = "1";
    expect((await setBackend("gpu")).device?.isSoftware).toBe(true);
  });
});

describe.each(["cpu", "webgpu"] as const)("float64 in mode %s", (mode) => {
  it.skipIf(mode === "webgpu" && noDriver !== null)("is refused where it was not asked for", async () => {
    await setBackend("gpu", { mode });
    expect(() => zeros([2], { dtype: "float64" })).toThrow(DTypeError);
    expect(() => zeros([2]).cast("float64")).toThrow(/gpu: a float64 tensor, expected float32/);
    const cast = compile((x: Tensor) => x.cast("float64").sum());
    for (let call = 0; call < 3; call++) expect(() => cast(zeros([2]))).toThrow(DTypeError);
    const labels = tensor(BigInt64Array.of(1n, 0n));
    expect(await oneHot(labels, 2).data()).toEqual(Float32Array.of(0, 1, 1, 0));
  });

  it.skipIf(mode === "webgpu" && noDriver !== null)("has float32's digits where it was", async () => {
    await setBackend("gpu", { mode, float64: "as-float32" });
    const third = tensor(Float64Array.of(1 / 3));
    expect(third.dtype).toBe("float64");
    expect([...(await third.add(0).data())]).toEqual([Math.fround(1 / 3)]);
  });
});

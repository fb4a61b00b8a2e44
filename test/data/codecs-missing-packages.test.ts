/** Decoders whose package is not installed: asked for by name they say so, by default others take their place. */
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.doUnmock("sharp");
  vi.doUnmock("node:module");
});

const packages = {
  sharp: () =>
    vi.doMock("sharp", () => {
      throw new Error("Cannot find package 'sharp'");
    }),
  "libjpeg-turbo": () =>
    vi.doMock("node:module", () => ({
      createRequire: () => ({
        resolve: (name: string) => {
          throw new Error(`Cannot find module '${name}'`);
        },
      }),
    })),
} as const;

/** The decoders of a process where these packages are missing. */
function without(...missing: readonly (keyof typeof packages)[]) {
  for (const name of missing) packages[name]();
  vi.resetModules();
  return import("../../src/data/codecs/decoder.js");
}

test("sharp", async () => {
  const { loadDecoder } = await without("sharp");
  await expect(loadDecoder("sharp")).rejects.toThrow(/decoder sharp: .*\n.*npm i sharp$/);
});

test("libjpeg-turbo", async () => {
  const { loadDecoder } = await without("libjpeg-turbo");
  await expect(loadDecoder("libjpeg-turbo")).rejects.toThrow(/decoder libjpeg-turbo: .*\n.*npm i @cwasm/);
});

test.each([
  [[], "sharp"],
  [["sharp"], "libjpeg-turbo"],
  [["libjpeg-turbo"], "sharp"],
  [["sharp", "libjpeg-turbo"], "jpeg-js"],
] as const)("the default without %j is %s", async (missing, expected) => {
  const { loadDecoder } = await without(...missing);
  expect((await loadDecoder()).name).toBe(expected);
});

test("one whose package is missing is replaced by the one with its pixels, and by none with others", async () => {
  const { loadDecoderLike } = await without("sharp");
  expect((await loadDecoderLike("sharp")).name).toBe("libjpeg-turbo");
  expect((await loadDecoderLike("jpeg-js")).name).toBe("jpeg-js");
  const none = await without("sharp", "libjpeg-turbo");
  await expect(none.loadDecoderLike("sharp")).rejects.toThrow(/neither it nor libjpeg-turbo is installed.*\n.*npm i/);
});

/** Decoders whose package is not installed say so, with the line that installs it. */
import { afterEach, expect, test, vi } from "vitest";
import { loadDecoder } from "../../src/data/codecs/decoder.js";

afterEach(() => {
  vi.doUnmock("sharp");
  vi.doUnmock("node:module");
  vi.resetModules();
});

test("sharp", async () => {
  vi.doMock("sharp", () => {
    throw new Error("Cannot find package 'sharp'");
  });
  await expect(loadDecoder("sharp")).rejects.toThrow(/decoder sharp: .*\n.*npm i sharp$/);
});

test("libjpeg-turbo", async () => {
  vi.doMock("node:module", () => ({
    createRequire: () => ({
      resolve: (name: string) => {
        throw new Error(`Cannot find module '${name}'`);
      },
    }),
  }));
  await expect(loadDecoder("libjpeg-turbo")).rejects.toThrow(/decoder libjpeg-turbo: .*\n.*npm i @cwasm/);
});

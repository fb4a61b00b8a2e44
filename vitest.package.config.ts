/** The tests of the packed package (npm run test:package): they install from the registry, and take minutes. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/package/*.test.ts"],
    globalSetup: ["test/package/setup.ts"],
    // one after the other: each fills the machine by itself
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: "forks",
  },
});

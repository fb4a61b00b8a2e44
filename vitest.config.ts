/** What `npm test` runs; test/suites.ts says which. */
import { defineConfig } from "vitest/config";
import { settings, slowTests } from "./test/suites.js";

export default defineConfig({
  test: {
    ...settings,
    // the default leaves a core to the runner, which has little to do: one worker on two cores
    maxWorkers: "100%",
    include: ["test/**/*.test.ts"],
    // of the packed package: vitest.package.config.ts
    exclude: ["test/package/**", "**/node_modules/**", ...slowTests],
  },
});

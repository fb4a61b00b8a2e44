/** What `npm run test:slow` runs: the tests that npm test leaves out. */
import { defineConfig } from "vitest/config";
import { settings, slowTests } from "./test/suites.js";

export default defineConfig({ test: { ...settings, include: [...slowTests], exclude: ["**/node_modules/**"] } });

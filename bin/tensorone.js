#!/usr/bin/env node
/**
 * The door to the command line: dist/cli/main.js as it is in an installed package, brought up to date first in a checkout.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const builder = new URL("../scripts/build.mjs", import.meta.url);
if (existsSync(builder)) await (await import(builder.href)).buildIfChanged();

const main = new URL("../dist/cli/main.js", import.meta.url);
// ranks of a distributed run are started by this name: one check of the build is enough for all
process.argv[1] = fileURLToPath(main);
await import(main.href);

/**
 * Packages that nobody gets unasked: optional peers (package.json), loaded by the one feature that needs them. Here is the line
 * that adds them where one is missing.
 */

/** The version to ask for where only that one works: gpu.js's private fields, and the Dawn that was tested with it. */
const versions = {
  "gpu.js": "2.24.1",
  webgpu: "0.6.2",
  sharp: null,
  koffi: null,
  "onnxruntime-web": null,
} as const satisfies Readonly<Record<string, string | null>>;

export type OptionalPackage = keyof typeof versions;

export const GPUJS_VERSION = versions["gpu.js"];

/** The command that adds packages to the user's project. */
export const installLine = (...names: readonly OptionalPackage[]): string =>
  `npm i ${names.map((name) => (versions[name] === null ? name : `${name}@${versions[name]}`)).join(" ")}`;

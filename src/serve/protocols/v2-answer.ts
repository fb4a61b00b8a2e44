/** Answers of the Open Inference Protocol: what a model is, and its outputs as JSON or as bytes behind it. */
import type { EngineModel } from "../engine.js";
import { HttpError } from "../http-error.js";
import type { InferRequest } from "./v2-request.js";

const CHANNELS = 3;
const VERSION = "1";

/** Softmax over all classes, and the likeliest class by name. */
export const outputNames = ["scores", "label"] as const;
type OutputName = (typeof outputNames)[number];

/** Of `GET /v2/models/NAME`. */
export function metadataOf({ name, model, numClasses, imageSize }: EngineModel) {
  const square = [-1, imageSize, imageSize, CHANNELS];
  return {
    name,
    versions: [VERSION],
    platform: "tensorone",
    inputs: [{ name: "image", datatype: "BYTES", shape: [-1] }],
    outputs: [
      { name: "scores", datatype: "FP64", shape: [-1, numClasses] },
      { name: "label", datatype: "BYTES", shape: [-1] },
    ],
    parameters: {
      model,
      // in the place of image: the protocol has no word for a choice
      alternatives: [
        { name: "pixels", datatype: "UINT8", shape: square },
        { name: "normalized", datatype: "FP32", shape: square },
      ],
    },
  };
}

interface Output {
  readonly name: OutputName;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: () => readonly (number | string)[];
  readonly bytes: () => Uint8Array;
}

/** Each after its length, in little endian. */
function bytesOfTexts(texts: readonly string[]): Uint8Array {
  const parts = texts.flatMap((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(Uint32Array.BYTES_PER_ELEMENT);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(parts);
}

function outputOf(name: OutputName, rows: readonly Float64Array[], labels: readonly string[]): Output {
  if (name === "scores")
    return {
      ...{ name, datatype: "FP64", shape: [rows.length, labels.length] },
      data: () => rows.flatMap((row) => [...row]),
      bytes: () => Buffer.concat(rows.map((row) => new Uint8Array(row.buffer, row.byteOffset, row.byteLength))),
    };
  const likeliest = rows.map((row) => labels[row.reduce((best, score, i) => (score > row[best]! ? i : best), 0)]!);
  return {
    ...{ name, datatype: "BYTES", shape: [rows.length] },
    data: () => likeliest,
    bytes: () => bytesOfTexts(likeliest),
  };
}

/** Which outputs are asked for. Throws HttpError 400 for one that there is not: before anything is computed. */
export function chosenOutputs({ outputs, isBinary }: InferRequest): { name: OutputName; isBinary: boolean }[] {
  if (outputs === null) return outputNames.map((name) => ({ name, isBinary }));
  return outputs.map((asked) => {
    const name = outputNames.find((known) => known === asked.name);
    if (name !== undefined) return { name, isBinary: asked.isBinary };
    throw new HttpError(400, `outputs: ${JSON.stringify(asked.name.slice(0, 80))}, expected ${outputNames.join(", ")}`);
  });
}

/** A body and its headers. */
export interface InferAnswer {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/** The answer to `request` with scores [pictures][classes]. */
export function inferAnswer(
  { name: model }: EngineModel,
  request: InferRequest,
  rows: readonly Float64Array[],
  labels: readonly string[],
): InferAnswer {
  const binary: Uint8Array[] = [];
  const outputs = chosenOutputs(request).map(({ name, isBinary }) => {
    const { datatype, shape, data, bytes } = outputOf(name, rows, labels);
    if (!isBinary) return { name, datatype, shape, data: data() };
    const own = bytes();
    binary.push(own);
    return { name, datatype, shape, parameters: { binary_data_size: own.length } };
  });
  const { id } = request;
  const text = JSON.stringify({ model_name: model, model_version: VERSION, ...(id !== undefined && { id }), outputs });
  if (binary.length === 0) return { body: text, headers: { "Content-Type": "application/json" } };
  const head = Buffer.from(text);
  return {
    body: new Uint8Array(Buffer.concat([head, ...binary])),
    headers: {
      "Content-Type": "application/octet-stream",
      "Inference-Header-Content-Length": String(head.length),
    },
  };
}

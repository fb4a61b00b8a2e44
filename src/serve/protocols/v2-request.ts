/**
 * Requests of the Open Inference Protocol (version 2): an input as JSON, or in the binary extension behind it, whose length a header
 * tells (github.com/kserve/open-inference-protocol; Triton's binary tensor data). An input is of one of three datatypes: BYTES [n], a
 * file each; UINT8 [n, side, side, 3], pixels; FP32 of the same shape, normalised.
 */
import { shownInError } from "../../util/clipped.js";
import { bytesOfBase64 } from "../base64.js";
import { HttpError } from "../http-error.js";
import { objectOf } from "../json-body.js";
import type { PictureInput } from "../predictor.js";

const CHANNELS = 3;
const LARGEST_BYTE = 255;
/** The length before each element of BYTES. */
const LENGTH_BYTES = 4;

/** What is asked for. */
export interface InferRequest {
  readonly id: string | undefined;
  readonly inputs: readonly PictureInput[];
  /** By name, in order; null: all. */
  readonly outputs: readonly { readonly name: string; readonly isBinary: boolean }[] | null;
  /** Where an output does not say. */
  readonly isBinary: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function fieldsOf(value: unknown, where: string): Fields {
  if (value === undefined) return {};
  if (isObject(value)) return value;
  throw new HttpError(400, `${where}: ${shownInError(value)}, expected an object`);
}

function listOf(value: unknown, where: string): readonly Fields[] {
  if (Array.isArray(value) && value.every(isObject)) return value;
  throw new HttpError(400, `${where}: ${shownInError(value)}, expected a list of objects`);
}

/** JSON and what is behind it. */
function split(body: Uint8Array<ArrayBuffer>, headerLength: string | undefined) {
  if (headerLength === undefined) return { fields: objectOf(body), rest: body.subarray(body.length) };
  const length = /^\d{1,10}$/.test(headerLength) ? Number(headerLength) : Number.NaN;
  if (!(length >= 1 && length <= body.length))
    throw new HttpError(
      400,
      `Inference-Header-Content-Length ${headerLength.slice(0, 20)}, expected 1 to ${body.length}`,
    );
  return { fields: objectOf(body.subarray(0, length)), rest: body.subarray(length) };
}

interface Tensor {
  readonly where: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  /** Of JSON, or the bytes. */
  readonly data: readonly unknown[] | Uint8Array<ArrayBuffer>;
}

function tensorOf(input: Fields, rest: Uint8Array<ArrayBuffer>): Tensor {
  const { name, datatype, shape, data } = input;
  if (typeof name !== "string") throw new HttpError(400, `inputs: name ${shownInError(name)}, expected a text`);
  const where = `input ${shownInError(name)}`;
  if (typeof datatype !== "string") throw new HttpError(400, `${where}: datatype ${shownInError(datatype)}`);
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new HttpError(400, `${where}: shape ${shownInError(shape)}, expected a list of sizes`);
  const { binary_data_size: size } = fieldsOf(input.parameters, `${where}: parameters`);
  if (size === undefined) {
    if (Array.isArray(data)) return { where, datatype, shape, data };
    throw new HttpError(400, `${where}: data ${shownInError(data)}, expected a list`);
  }
  if (size !== rest.length || data !== undefined)
    throw new HttpError(
      400,
      `${where}: binary_data_size ${shownInError(size)}${data === undefined ? "" : " beside data"}, expected the ${rest.length} bytes behind the JSON`,
    );
  return { where, datatype, shape, data: rest };
}

/** Elements of BYTES, each after its length in little endian. */
function elementsOf(data: Uint8Array<ArrayBuffer>, where: string): Uint8Array<ArrayBuffer>[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const found: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < data.length; ) {
    const length = at + LENGTH_BYTES <= data.length ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    const end = at + LENGTH_BYTES + length;
    if (end > data.length)
      throw new HttpError(400, `${where}: the bytes end within element ${found.length}, expected its length and it`);
    found.push(data.slice(at + LENGTH_BYTES, end));
    at = end;
  }
  return found;
}

function files({ where, shape, data }: Tensor): PictureInput[] {
  const found =
    data instanceof Uint8Array
      ? elementsOf(data, where)
      : data.map((text, i) => bytesOfBase64(text, `${where}: data[${i}]`));
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== found.length || shape.length === 0)
    throw new HttpError(400, `${where}: shape [${shape.join(", ")}] and ${found.length} elements, expected [n] and n`);
  return found.map((bytes) => ({ kind: "file", bytes }));
}

/** All numbers, whether nested by shape or flat. */
function flat(data: readonly unknown[], where: string, size: number): readonly number[] {
  const numbers = data.flat(CHANNELS + 1);
  const odd = numbers.findIndex((value) => typeof value !== "number");
  if (odd >= 0) throw new HttpError(400, `${where}: value ${odd} is ${shownInError(numbers[odd])}, expected a number`);
  if (numbers.length !== size) throw new HttpError(400, `${where}: ${numbers.length} values, expected ${size}`);
  return numbers as number[];
}

function expectBytes({ where, data }: Tensor, size: number): void {
  if (data.length === size) return;
  throw new HttpError(400, `${where}: ${data.length} bytes, expected ${size}`);
}

function pixels(tensor: Tensor, size: number): Uint8Array {
  const { where, data } = tensor;
  if (data instanceof Uint8Array) {
    expectBytes(tensor, size);
    return data;
  }
  const numbers = flat(data, where, size);
  const odd = numbers.find((value) => !(Number.isInteger(value) && value >= 0 && value <= LARGEST_BYTE));
  if (odd !== undefined) throw new HttpError(400, `${where}: ${odd}, expected whole numbers from 0 to ${LARGEST_BYTE}`);
  return Uint8Array.from(numbers);
}

function floats(tensor: Tensor, size: number): Float32Array {
  const { where, data } = tensor;
  let values: Float32Array;
  if (data instanceof Uint8Array) {
    expectBytes(tensor, size * Float32Array.BYTES_PER_ELEMENT);
    values = new Float32Array(data.slice().buffer);
  } else values = Float32Array.from(flat(data, where, size));
  const odd = values.find((value) => !Number.isFinite(value));
  if (odd !== undefined) throw new HttpError(400, `${where}: ${odd}, expected finite float32 numbers`);
  return values;
}

function squares(tensor: Tensor, side: number): PictureInput[] {
  const { where, shape, datatype } = tensor;
  const [count = 0, ...rest] = shape;
  if (count < 1 || rest.length !== 3 || rest[0] !== side || rest[1] !== side || rest[2] !== CHANNELS)
    throw new HttpError(
      400,
      `${where}: shape [${shape.join(", ")}], expected [n, ${side}, ${side}, ${CHANNELS}]`,
      "files of pictures are of datatype BYTES, and are cut to size here",
    );
  const size = side * side * CHANNELS;
  if (datatype === "UINT8") {
    const values = pixels(tensor, count * size);
    return Array.from({ length: count }, (_, i) => ({
      kind: "pixels",
      values: values.subarray(i * size, (i + 1) * size),
    }));
  }
  const values = floats(tensor, count * size);
  return Array.from({ length: count }, (_, i) => ({
    kind: "numbers",
    values: values.subarray(i * size, (i + 1) * size),
  }));
}

/** Reads a body for a model that sees squares of `side` pixels. Throws HttpError 400 and 413. */
export function readInfer(body: Uint8Array<ArrayBuffer>, headerLength: string | undefined, side: number): InferRequest {
  const { fields, rest } = split(body, headerLength);
  const { id } = fields;
  if (id !== undefined && typeof id !== "string") throw new HttpError(400, `id ${shownInError(id)}, expected a text`);
  const inputs = listOf(fields.inputs, "inputs");
  const [input] = inputs;
  if (input === undefined || inputs.length > 1)
    throw new HttpError(400, `inputs: ${inputs.length}, expected one, of datatype BYTES, UINT8 or FP32`);
  const tensor = tensorOf(input, rest);
  if (!["BYTES", "UINT8", "FP32"].includes(tensor.datatype))
    throw new HttpError(
      400,
      `${tensor.where}: datatype ${shownInError(tensor.datatype)}, expected BYTES, UINT8 or FP32`,
    );
  const { binary_data_output: isBinary } = fieldsOf(fields.parameters, "parameters");
  return {
    id,
    inputs: tensor.datatype === "BYTES" ? files(tensor) : squares(tensor, side),
    outputs: fields.outputs === undefined ? null : listOf(fields.outputs, "outputs").map(outputOf(isBinary === true)),
    isBinary: isBinary === true,
  };
}

const outputOf =
  (fallback: boolean) =>
  (output: Fields): { readonly name: string; readonly isBinary: boolean } => {
    const { name } = output;
    if (typeof name !== "string") throw new HttpError(400, `outputs: name ${shownInError(name)}, expected a text`);
    const { binary_data: isBinary } = fieldsOf(output.parameters, `output ${shownInError(name)}: parameters`);
    return { name, isBinary: isBinary === undefined ? fallback : isBinary === true };
  };

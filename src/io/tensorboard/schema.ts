/**
 * The part of TensorBoard's event files that curves and texts need: its messages as types, and their field numbers as tables
 * (tensorboard/compat/proto: event.proto, summary.proto, tensor.proto, tensor_shape.proto).
 */
import { encodeMessage, type FieldTable } from "../protobuf.js";

/** DataType of types.proto. */
export const DT_STRING = 7;
/** SessionLog.SessionStatus: from this step on, what earlier files say is void. */
export const SESSION_START = 1;

export interface TensorShapeProto {
  readonly dim: readonly { readonly size: number }[];
}
export interface TensorProto {
  readonly dtype: number;
  readonly tensorShape: TensorShapeProto;
  readonly stringVal: readonly string[];
}
export interface SummaryMetadata {
  readonly pluginData: { readonly pluginName: string };
}
/** One of simpleValue and tensor. */
export interface SummaryValue {
  readonly tag: string;
  readonly simpleValue?: number;
  readonly tensor?: TensorProto;
  readonly metadata?: SummaryMetadata;
}
export interface Summary {
  readonly value: readonly SummaryValue[];
}
/** One of fileVersion, summary and sessionLog. */
export interface Event {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step?: number;
  readonly fileVersion?: string;
  readonly summary?: Summary;
  readonly sessionLog?: { readonly status: number };
}

const dimension: FieldTable<TensorShapeProto["dim"][number]> = { size: { number: 1, type: "integer" } };
const tensorShape: FieldTable<TensorShapeProto> = { dim: { number: 2, type: "message", fields: dimension } };
const tensor: FieldTable<TensorProto> = {
  dtype: { number: 1, type: "integer" },
  tensorShape: { number: 2, type: "message", fields: tensorShape },
  stringVal: { number: 8, type: "text" },
};
const pluginData: FieldTable<SummaryMetadata["pluginData"]> = { pluginName: { number: 1, type: "text" } };
const metadata: FieldTable<SummaryMetadata> = { pluginData: { number: 1, type: "message", fields: pluginData } };
const summaryValue: FieldTable<SummaryValue> = {
  tag: { number: 1, type: "text" },
  simpleValue: { number: 2, type: "float" },
  tensor: { number: 8, type: "message", fields: tensor },
  metadata: { number: 9, type: "message", fields: metadata },
};
const summary: FieldTable<Summary> = { value: { number: 1, type: "message", fields: summaryValue } };
const sessionLog: FieldTable<NonNullable<Event["sessionLog"]>> = { status: { number: 1, type: "integer" } };
const event: FieldTable<Event> = {
  wallTime: { number: 1, type: "double" },
  step: { number: 2, type: "integer" },
  fileVersion: { number: 3, type: "text" },
  summary: { number: 5, type: "message", fields: summary },
  sessionLog: { number: 7, type: "message", fields: sessionLog },
};

/** The bytes of an event, without the frame of its record. */
export const encodeEvent = (message: Event): Uint8Array => encodeMessage(event, message);

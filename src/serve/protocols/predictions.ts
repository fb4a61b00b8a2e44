/**
 * TorchServe's inference API: POST /predictions/NAME with the bytes of a picture -> {"class": score} of the likeliest classes, the
 * likeliest first (pytorch.org/serve/inference_api.html). JSON with the picture in base64 is taken too.
 */
import { likeliest } from "../../train/metrics/classification.js";
import { shownInError } from "../../util/clipped.js";
import { bytesOfBase64 } from "../base64.js";
import { HttpError } from "../http-error.js";
import { objectOf } from "../json-body.js";

/** What is asked for. */
export interface PredictionRequest {
  readonly picture: Uint8Array<ArrayBuffer>;
  /** Classes of the answer. */
  readonly topK: number;
}

const isJson = (type: string): boolean => /^application\/([\w.-]+\+)?json\b/i.test(type);

function topKOf(value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  const number = typeof value === "string" && /^\d{1,6}$/.test(value) ? Number(value) : value;
  if (Number.isSafeInteger(number) && (number as number) >= 1) return number as number;
  throw new HttpError(400, `topK ${shownInError(value)}, expected a whole number of at least 1`);
}

/** Reads a body. `topK` is the value in the query, `fallback` the server's. Throws HttpError 400 and 415. */
export function readPrediction(
  contentType: string,
  bytes: Uint8Array<ArrayBuffer>,
  topK: string | undefined,
  fallback: number,
): PredictionRequest {
  if (/^multipart\//i.test(contentType))
    throw new HttpError(415, "a form (multipart), expected the bytes of a picture", "curl --data-binary @cat.jpg");
  if (!isJson(contentType)) return { picture: bytes, topK: topKOf(topK, fallback) };
  const fields = objectOf(bytes);
  const unknown = Object.keys(fields).find((name) => name !== "image" && name !== "topK");
  if (unknown !== undefined)
    throw new HttpError(
      400,
      `a field ${shownInError(unknown)}, expected image and topK`,
      '{"image": "…base64…", "topK": 3}',
    );
  const picture = bytesOfBase64(fields.image, "image");
  return { picture, topK: topKOf(fields.topK ?? topK, fallback) };
}

/** {"class": score}, the likeliest first. Written by hand: an object would put names that are numbers first. */
export function predictionJson(scores: Float64Array, labels: readonly string[], topK: number): string {
  const rows = likeliest(scores, labels, topK).map(
    ({ label, score }) => `${JSON.stringify(label)}:${JSON.stringify(score)}`,
  );
  return `{${rows.join(",")}}`;
}

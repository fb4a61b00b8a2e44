/**
 * What a request gets that is not answered as asked: a status and one JSON object. Whatever is thrown becomes one of these; what is
 * nobody's fault but ours says nothing of where it happened.
 */
import { TensoroneError } from "../util/errors.js";

/** Statuses in use, with what they are called where nobody had words. */
export const statusWords = {
  400: "the request cannot be understood",
  404: "there is nothing at this address",
  405: "the address knows no such method",
  408: "the request took too long to arrive",
  413: "the body is too large",
  415: "the body is of a kind that is not read here",
  431: "the headers are too large",
  500: "the server failed",
  503: "the server is busy",
} as const;
export type ErrorStatus = keyof typeof statusWords;

/** A request that is refused; the message is for the client. */
export class HttpError extends TensoroneError {
  readonly status: ErrorStatus;
  /** After which the same request may be taken. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: ErrorStatus, message: string, hint?: string, retryAfterSeconds?: number) {
    super(message, hint);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Nobody waits for the answer any more: its connection is closed. */
export class GoneError extends Error {}

/** The body of an error: of one form for every address. */
export interface ErrorBody {
  readonly error: string;
  readonly hint?: string;
}

export const bodyOf = (message: string, hint?: string): ErrorBody => ({
  error: message,
  ...(hint !== undefined && { hint }),
});

/** What a client is told of `error`; the details of a fault of ours are for the log. */
export function answerOf(error: unknown): { readonly status: ErrorStatus; readonly body: ErrorBody } {
  if (error instanceof HttpError) return { status: error.status, body: bodyOf(error.summary, error.hint) };
  return { status: 500, body: bodyOf(statusWords[500]) };
}

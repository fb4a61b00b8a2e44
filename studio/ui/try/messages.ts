/** What [Try] and its worker say to each other: types alone. */
import type { Classified } from "../../protocol.js";

export type TryAsk =
  | { readonly kind: "load"; readonly file: Blob; readonly name: string }
  | { readonly kind: "classify"; readonly file: Blob; readonly topK: number };
export type TryRequest = TryAsk & { readonly id: number };

export interface LoadedInfo {
  readonly name: string;
  readonly model: string;
  readonly classes: number;
  /** Side of the square that the model sees. */
  readonly imageSize: number;
}
export type TryAnswer =
  | { readonly id: number; readonly answer: LoadedInfo | Classified }
  | { readonly id: number; readonly error: string; readonly hint: string | null };

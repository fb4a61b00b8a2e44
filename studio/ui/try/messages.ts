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
  /** Null where the file says none: then it is the published recipe's. */
  readonly imageSize: number | null;
}
export type TryAnswer =
  | { readonly id: number; readonly answer: LoadedInfo | Classified }
  | { readonly id: number; readonly error: string };

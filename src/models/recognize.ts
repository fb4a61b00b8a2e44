/**
 * Which variant of a family a set of entries is, by what its blocks look like: machinery for the families' `recognize`.
 */
import type { FileEntries, Recognized } from "./family.js";

/** Below it a file is another network, above it a damaged one whose faults are worth listing. */
const LEAST_SHARE = 0.5;

/** Channels of the weight called `name` [Cout, Cin, …], or undefined where there is none. */
export const channelsOf = (entries: FileEntries, name: string) => {
  const shape = entries.get(name)?.shape;
  return shape && { out: shape[0], in: shape[1] };
};

export interface RecognizeOptions<V> {
  readonly variants: Readonly<Record<string, V>>;
  /** The name of the classifier. */
  readonly head: string;
  readonly form: Recognized["form"];
  /** The weight that sees the image, [Cout, channels, KH, KW]. */
  readonly stem: string;
  /** For each block of a variant, whether the entries have it so. */
  fits(variant: V): readonly boolean[];
}

/**
 * The variant most of whose blocks fit, more than half of them at least; null where none does. Whether every entry is there
 * and fits is for strict loading to say.
 */
export function bestVariant<V>(
  entries: FileEntries,
  { variants, head, form, stem, fits }: RecognizeOptions<V>,
): Recognized | null {
  const numClasses = entries.get(`${head}.bias`)?.shape[0] ?? entries.get(`${head}.weight`)?.shape[0];
  if (numClasses === undefined || numClasses < 1) return null;
  const scores = Object.entries(variants).map(([model, variant]) => {
    const found = fits(variant);
    return { model, share: found.filter(Boolean).length / found.length };
  });
  const best = scores.reduce((a, b) => (b.share > a.share ? b : a));
  if (best.share <= LEAST_SHARE) return null;
  const inChannels = channelsOf(entries, stem)?.in ?? 3;
  return { model: best.model, form, numClasses, ...(inChannels !== 3 && { inChannels }) };
}

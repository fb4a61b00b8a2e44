/** Answers with their probabilities, as words, numbers and bars. */
import { percent } from "./words.js";

export interface NamedScore {
  readonly name: string;
  readonly score: number;
}

export function Scores({ scores, of }: { scores: readonly NamedScore[]; of: string }) {
  return (
    <ol class="scores" aria-label={`Answers to ${of}`}>
      {scores.map(({ name, score }) => (
        <li key={name}>
          <span>{name}</span>
          <span class="n">{percent(score)}</span>
          <i aria-hidden="true" style={`width: ${(score * 100).toFixed(1)}%`} />
        </li>
      ))}
    </ol>
  );
}

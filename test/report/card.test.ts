/** The model card of a run: its facts, nothing of which is markup, its metadata, and what is missing. */
import { expect, it } from "vitest";
import { plain, renderCard } from "../../src/report/card.js";
import { missing } from "../../src/report/facts/run-facts.js";
import { facts, hostile } from "./facts.js";

const hashes = new Map([["model.safetensors", "ab".repeat(32)]]);

it("tells model, training, pictures, answers and files, and marks what only its author knows", () => {
  const card = renderCard(facts(), "mobileone_s0", hashes);
  expect(card).toMatch(/^---\nlicense: other .*\nlibrary_name: tensorone\npipeline_tag: image-classification\n/);
  for (const title of ["Use", "Training", "Pictures", "Answers", "Files", "Licence"])
    expect(card).toContain(`\n## ${title}\n`);
  expect(card).toContain("| weights before | mobileone\\_s0 |");
  expect(card).toContain("whose licence may bind them");
  expect(card).toMatch(/\| mean of all classes \| 0\.\d{3} \| 0\.\d{3} \| 0\.\d{3} \|/);
  expect(card.match(/to be filled in by the author/g)!.length).toBeGreaterThanOrEqual(4);
});

it("is no HTML, no table and no YAML of a class, a path or a recipe's name", () => {
  const card = renderCard(facts(), hostile, hashes);
  expect(card).not.toContain("<script");
  expect(card.slice(card.indexOf("\n# "))).not.toMatch(/<(?!\/?sh)/);
  const [, metadata] = card.split("---\n");
  for (const line of metadata!.split("\n")) expect(line).toMatch(/^( *(- )?[\w-]+:( .+)?|- .+|)$/);
  expect(plain("a|b\n# c `d`")).toBe("a\\|b\\\\x0a\\# c \\`d\\`");
});

it("says why something is missing", () => {
  const reason = "The pictures are gone.";
  const card = renderCard(
    facts({ data: missing(reason), answers: missing("Not asked."), checkpoint: null }),
    null,
    hashes,
  );
  expect(card).toContain(reason);
  expect(card).toContain("Not asked.");
  expect(card).toContain("No checkpoint tells how it was trained.");
  expect(card).not.toContain("model-index");
});

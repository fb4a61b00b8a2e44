/**
 * Two descriptions of a run held against each other, field by field, for people who have to find what they changed.
 */

const shown = (value: unknown): string => (value === undefined ? "absent" : JSON.stringify(value));

/** Dotted paths whose values differ, each as "path was 1, is 2". */
export function differences(was: unknown, is: unknown, path = ""): string[] {
  if (typeof was !== "object" || typeof is !== "object" || was === null || is === null)
    return Object.is(was, is) ? [] : [`${path} was ${shown(was)}, is ${shown(is)}`];
  const keys = new Set([...Object.keys(was), ...Object.keys(is)]);
  return [...keys].flatMap((key) =>
    differences(
      (was as Record<string, unknown>)[key],
      (is as Record<string, unknown>)[key],
      path ? `${path}.${key}` : key,
    ),
  );
}

/** The first few of them, and how many more there are. */
export function firstDifferences(all: readonly string[]): string {
  const shown = 4;
  return `${all.slice(0, shown).join("; ")}${all.length > shown ? `; and ${all.length - shown} more` : ""}`;
}

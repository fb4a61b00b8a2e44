/**
 * Modules as text, as PyTorch prints them: a class and its numbers, its children below it.
 */

/** What of a module is shown. */
interface Shown {
  extraRepr(): string;
  namedChildren(): Map<string, Shown>;
}

/** `above` are the modules that hold this one; one that holds an ancestor is not shown inside itself. */
export function showModule(module: Shown, above: readonly Shown[] = []): string {
  const extra = module.extraRepr();
  const here = [...above, module];
  const children = [...module.namedChildren()].flatMap(([name, child]) =>
    here.includes(child) ? [] : [`(${name}): ${showModule(child, here)}`],
  );
  const { name } = module.constructor;
  if (children.length === 0) return `${name}(${extra})`;
  const lines = [...(extra === "" ? [] : [extra]), ...children].flatMap((text) => text.split("\n"));
  return `${name}(\n${lines.map((line) => `  ${line}`).join("\n")}\n)`;
}

/** name=value, …, without those that are null. */
export const showNumbers = (numbers: Readonly<Record<string, unknown>>): string =>
  Object.entries(numbers)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? `[${value.join(", ")}]` : String(value)}`)
    .join(", ");

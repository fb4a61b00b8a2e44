/** What sections share: a heading with its anchor, what stands where something is missing, tables. */
import type { Found } from "../facts/run-facts.js";
import { type Html, html, type Part } from "../page/html.js";

/** A part of the page and its line in the navigation. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Part;
}

export const missingNote = (reason: string): Html => html`<p class="missing">${reason}</p>`;

/** The value's HTML, or why there is none. */
export const foundOr = <T>(found: Found<T>, show: (value: T) => Part): Part =>
  "value" in found ? show(found.value) : missingNote(found.missing);

/** A column: its heading, and whether it holds numbers, which are pushed to the right. */
export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

/** What a cell shows, and the number that it is sorted by where that is another. */
export type Cell = Part | { readonly shown: Part; readonly value: number };

export interface TableRow {
  readonly cells: readonly Cell[];
  /** A class of the page's style. */
  readonly kind?: "other" | "total";
}

export interface TableOptions {
  readonly caption?: Part;
  readonly isSortable?: boolean;
  readonly isNarrow?: boolean;
  readonly totals?: readonly TableRow[];
}

const isValued = (cell: Cell): cell is { readonly shown: Part; readonly value: number } =>
  typeof cell === "object" && cell !== null && "value" in cell;

function rowOf({ cells, kind }: TableRow, columns: readonly Column[]): Html {
  const parts = cells.map((cell, i) => {
    const shown = isValued(cell) ? cell.shown : cell;
    if (i === 0) return html`<th scope="row">${shown}</th>`;
    const value = isValued(cell) ? html` data-value="${cell.value}"` : null;
    return columns[i]!.isNumber ? html`<td class="n"${value}>${shown}</td>` : html`<td${value}>${shown}</td>`;
  });
  return kind ? html`<tr class="${kind}">${parts}</tr>` : html`<tr>${parts}</tr>`;
}

/** The first cell of a row is its heading; totals stay below when the others are sorted. */
export function tableOf(columns: readonly Column[], rows: readonly TableRow[], options: TableOptions = {}): Html {
  const { caption, isSortable = false, isNarrow = false, totals = [] } = options;
  const heads = columns.map(({ title, isNumber }) => {
    const words = isSortable ? html`<button type="button">${title}</button>` : title;
    return isNumber ? html`<th scope="col" class="n">${words}</th>` : html`<th scope="col">${words}</th>`;
  });
  return html`<table${isNarrow && html` class="narrow"`}>
${caption !== undefined && html`<caption>${caption}</caption>`}
<thead><tr>${heads}</tr></thead>
<tbody>${rows.map((row) => rowOf(row, columns))}</tbody>
${totals.length > 0 && html`<tfoot>${totals.map((row) => rowOf(row, columns))}</tfoot>`}
</table>`;
}

/** Names beside what they are; rows without a value are left out. */
export function listOf(rows: readonly (readonly [name: string, value: Part])[]): Html {
  const shown = rows.filter(([, value]) => value !== null && value !== "" && value !== false);
  return html`<div class="wide"><table class="list"><tbody>${shown.map(([name, value]) => rowOf({ cells: [name, value] }, [{ title: "" }, { title: "" }]))}</tbody></table></div>`;
}

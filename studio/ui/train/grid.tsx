/**
 * The grid of pictures as a listbox: arrows move, Space selects, Shift extends, digits give the class, 0 takes it away, Delete removes,
 * Ctrl+Z undoes. One tile is in the tab order (roving focus).
 */
import { useRef } from "preact/hooks";
import { label, remove, undo } from "../session/actions.js";
import { allClasses } from "../session/state.js";
import { Tile } from "./tile.js";
import { focused, most, PAGE, selected, shown, targets } from "./view.js";

/** The place that Shift extends from. */
let anchor: number | null = null;

const visible = (): number[] => shown.value.slice(0, most.value).map(({ id }) => id);

function extendTo(id: number): void {
  const ids = visible();
  const [from, to] = [ids.indexOf(anchor ?? id), ids.indexOf(id)];
  selected.value = new Set(ids.slice(Math.min(from, to), Math.max(from, to) + 1));
}

function toggle(id: number): void {
  const next = new Set(selected.value);
  if (!next.delete(id)) next.add(id);
  selected.value = next;
  anchor = id;
}

/** Tiles of a row, as the browser has laid them out. */
function columnsOf(grid: HTMLElement): number {
  const tiles = [...grid.querySelectorAll<HTMLElement>("[role=option]")];
  const first = tiles[0]?.offsetTop;
  const next = tiles.findIndex(({ offsetTop }) => offsetTop !== first);
  return next < 0 ? Math.max(1, tiles.length) : next;
}

function moved(key: string, at: number, columns: number, last: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: at + 1,
    ArrowLeft: at - 1,
    ArrowDown: at + columns,
    ArrowUp: at - columns,
    Home: 0,
    End: last,
  };
  const to = steps[key];
  return to === undefined ? null : Math.min(last, Math.max(0, to));
}

function command(event: KeyboardEvent, id: number): boolean {
  const isControl = event.ctrlKey || event.metaKey;
  if (isControl && event.key.toLowerCase() === "z") void undo();
  else if (isControl && event.key.toLowerCase() === "a") selected.value = new Set(visible());
  else if (isControl || event.altKey) return false;
  else if (event.key === " ") toggle(id);
  else if (event.key === "Escape") selected.value = new Set();
  else if (event.key === "Delete") void remove(targets.value);
  else if (event.key === "0") void label(targets.value, null);
  else if (/^[1-9]$/.test(event.key)) {
    const name = allClasses.value[Number(event.key) - 1];
    if (name === undefined) return false;
    void label(targets.value, name);
  } else return false;
  return true;
}

export function Grid() {
  const place = useRef<HTMLDivElement>(null);
  const tiles = shown.value.slice(0, most.value);
  const stop = tiles.some(({ id }) => id === focused.value) ? focused.value : tiles[0]?.id;

  const focusOn = (id: number): void => {
    focused.value = id;
    place.current?.querySelector<HTMLElement>(`[data-id="${id}"]`)?.focus();
  };
  const idOf = (event: Event): number | null => {
    const tile = (event.target as Element).closest<HTMLElement>("[data-id]");
    return tile === null ? null : Number(tile.dataset.id);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const id = idOf(event);
    if (id === null) return;
    const ids = visible();
    const to = moved(event.key, ids.indexOf(id), columnsOf(place.current!), ids.length - 1);
    if (to !== null) {
      if (event.shiftKey) anchor ??= id;
      focusOn(ids[to]!);
      if (event.shiftKey) extendTo(ids[to]!);
      else anchor = null;
    }
    if (to !== null || command(event, id)) event.preventDefault();
  };
  const onClick = (event: MouseEvent): void => {
    const id = idOf(event);
    if (id === null) return;
    const isTouch = (event as PointerEvent).pointerType === "touch";
    if (event.shiftKey) {
      anchor ??= focused.value;
      extendTo(id);
    } else if (event.ctrlKey || event.metaKey || isTouch) toggle(id);
    else {
      selected.value = new Set([id]);
      anchor = id;
    }
    focusOn(id);
  };
  return (
    <>
      <div
        ref={place}
        class="grid"
        role="listbox"
        aria-multiselectable="true"
        aria-label="Pictures"
        onKeyDown={onKeyDown}
        onClick={onClick}
        onFocusIn={(event) => {
          focused.value = idOf(event) ?? focused.value;
        }}
      >
        {tiles.map((picture) => (
          <Tile
            key={picture.id}
            picture={picture}
            isSelected={selected.value.has(picture.id)}
            isStop={picture.id === stop}
          />
        ))}
      </div>
      {shown.value.length > tiles.length && (
        <button type="button" onClick={() => (most.value += PAGE)}>
          Show {Math.min(PAGE, shown.value.length - tiles.length)} more of {shown.value.length}
        </button>
      )}
    </>
  );
}

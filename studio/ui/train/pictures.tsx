/** The panel of pictures: classes as filters, what can be done with the selected ones, the grid. */
import { useSignal } from "@preact/signals";
import { count } from "../parts/words.js";
import { label, remove, rename, undo } from "../session/actions.js";
import { allClasses, canUndo, classNames, emptyClasses, hasModel, isWrong, pictures } from "../session/state.js";
import { AddButtons } from "./adding.js";
import { Grid } from "./grid.js";
import {
  countOfClass,
  type Filter,
  filter,
  focused,
  type Order,
  order,
  orders,
  selected,
  show,
  shown,
  targets,
} from "./view.js";

function FilterButton({ by, text, n }: { by: Filter; text: string; n: number }) {
  const isOn = JSON.stringify(filter.value) === JSON.stringify(by);
  const className = by.kind === "class" ? classNames.value[by.class] : undefined;
  return (
    <button
      type="button"
      class="chip"
      aria-pressed={isOn}
      onClick={() => show(isOn ? { kind: "all" } : by)}
      {...(className === undefined ? {} : { "data-class": className })}
    >
      {text} <span>{n}</span>
    </button>
  );
}

function Filters() {
  const all = [...pictures.value.values()];
  const counts = countOfClass.value;
  const wrong = all.filter(isWrong).length;
  const held = all.filter(({ side }) => side === "val").length;
  const { value: by } = filter;
  return (
    <fieldset class="row filters">
      <legend class="unseen">Show</legend>
      <FilterButton by={{ kind: "all" }} text="All" n={all.length} />
      {classNames.value.map((name, i) => (
        <FilterButton key={name} by={{ kind: "class", class: i }} text={name} n={counts.get(i) ?? 0} />
      ))}
      {emptyClasses.value.map((name) => (
        <span key={name} class="chip soft" data-class={name}>
          {name} 0
        </span>
      ))}
      {counts.has(null) && <FilterButton by={{ kind: "unlabelled" }} text="No class" n={counts.get(null)!} />}
      {held > 0 && <FilterButton by={{ kind: "val" }} text="Validation" n={held} />}
      {hasModel.value && <FilterButton by={{ kind: "wrong" }} text="Wrong" n={wrong} />}
      {(by.kind === "cell" || by.kind === "group") && (
        <button type="button" class="chip" aria-pressed="true" onClick={() => show({ kind: "all" })}>
          {by.kind === "group"
            ? "Nearly the same"
            : `${classNames.value[by.class]} answered ${classNames.value[by.answer]}, ${by.side === "val" ? "validation" : "training"}`}{" "}
          <span>{shown.value.length}</span>
        </button>
      )}
    </fieldset>
  );
}

function NewClass() {
  const name = useSignal("");
  const make = (event: Event): void => {
    event.preventDefault();
    const text = name.value.trim();
    if (text === "") return;
    name.value = "";
    if (targets.value.length > 0 && selected.value.size > 0) void label(targets.value, text);
    else if (!allClasses.value.includes(text)) emptyClasses.value = [...emptyClasses.value, text];
  };
  return (
    <form class="new-class" onSubmit={make}>
      <input
        type="text"
        aria-label="Name of a new class"
        placeholder="New class"
        maxLength={80}
        value={name}
        onInput={(event) => {
          name.value = event.currentTarget.value;
        }}
      />
      <button type="submit" disabled={name.value.trim() === ""}>
        Add
      </button>
    </form>
  );
}

/** Asks once before pictures go: they cannot be brought back. */
function Remove() {
  const asked = useSignal<number | null>(null);
  const n = targets.value.length;
  if (asked.value !== n || n === 0)
    return (
      <button type="button" class="plain" disabled={n === 0} onClick={() => (asked.value = n)}>
        Remove…
      </button>
    );
  return (
    <>
      <button
        type="button"
        class="danger"
        onClick={() => {
          asked.value = null;
          void remove(targets.value);
        }}
      >
        Remove {count(n, "picture")}
      </button>
      <button type="button" class="plain" onClick={() => (asked.value = null)}>
        Keep
      </button>
    </>
  );
}

function Labelling() {
  const ids = targets.value;
  const isNone = ids.length === 0;
  return (
    <div class="row labelling" role="toolbar" aria-label="Class of the selected pictures">
      <span class="soft">{isNone ? "Select pictures to give a class" : `${ids.length} selected:`}</span>
      {allClasses.value.map((name, i) => (
        <button key={name} type="button" disabled={isNone} onClick={() => void label(ids, name)} data-class={name}>
          {i < 9 && <kbd>{i + 1}</kbd>}
          {name}
        </button>
      ))}
      <NewClass />
      <button type="button" class="plain" disabled={isNone} onClick={() => void label(ids, null)}>
        No class
      </button>
      <Remove />
      <button type="button" class="plain" disabled={!canUndo.value} onClick={() => void undo()}>
        Undo
      </button>
    </div>
  );
}

function Rename({ name }: { name: string }) {
  const text = useSignal(name);
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        const to = text.value.trim();
        if (to !== "" && to !== name) void rename(name, to);
      }}
    >
      <input
        type="text"
        aria-label={`New name of ${name}`}
        value={text}
        maxLength={80}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
      <button type="submit" disabled={text.value.trim() === "" || text.value.trim() === name}>
        Rename
      </button>
    </form>
  );
}

export function Pictures() {
  const n = pictures.value.size;
  return (
    <section class="panel pictures" aria-labelledby="pictures-title">
      <div class="row">
        <h2 id="pictures-title">Pictures</h2>
        <AddButtons />
      </div>
      <div class="row">
        <Filters />
        <label class="order">
          <span class="unseen">Order</span>
          <select value={order.value} onChange={(event) => (order.value = event.currentTarget.value as Order)}>
            {orders.map(({ name, title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Labelling />
      {shown.value.length > 0 ? <Grid /> : <p class="soft">None of {count(n, "picture")} is like this.</p>}
      <details>
        <summary>Names of classes, keys</summary>
        <div class="names">
          {classNames.value.map((name) => (
            <Rename key={name} name={name} />
          ))}
        </div>
        <p class="note">
          In the grid: arrows move, Space selects, Shift extends, 1 to 9 give a class, 0 takes it away, Delete removes,
          Ctrl Z undoes. Pictures that are dropped on the name of a class take it.
        </p>
      </details>
    </section>
  );
}

/** Focus goes back to a picture that was asked for elsewhere on the page. */
export function lookAt(id: number): void {
  focused.value = id;
  selected.value = new Set([id]);
}

/** The frame of all screens: their names, what the page runs on, what it has to say, the theme. */
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { reopen } from "../session/actions.js";
import { failure, machine, notices, spoken } from "../session/state.js";
import { TrainScreen } from "../train/train-screen.js";
import { TryScreen } from "../try/try-screen.js";
import { oneThreadText } from "./isolation.js";
import { screen, screens } from "./route.js";
import { type Theme, theme, themes } from "./theme.js";

const themeNames: { readonly [K in Theme]: string } = { auto: "Auto", light: "Light", dark: "Dark" };

/** The Watch screen comes when it is asked for. */
function Watch() {
  const Loaded = useSignal<ComponentType | null>(null);
  useEffect(() => {
    const modules = import.meta.glob<{ readonly WatchScreen: ComponentType }>("../../watch/watch-screen.tsx");
    const load = modules["../../watch/watch-screen.tsx"];
    if (!load) Loaded.value = () => <p class="soft">This page was built without a screen for runs.</p>;
    void load?.().then(({ WatchScreen }) => {
      Loaded.value = WatchScreen;
    });
  }, []);
  return Loaded.value === null ? <p class="soft">Loading…</p> : <Loaded.value />;
}

function Machine() {
  const { value: now } = machine;
  if (now === null) return <p>starting…</p>;
  const threads = `${now.threads} ${now.threads === 1 ? "thread" : "threads"}`;
  return <p>{now.backend === "gpu" ? "GPU" : threads} · nothing leaves this tab</p>;
}

function Top() {
  return (
    <header class="top">
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        To the content
      </button>
      <div class="mark">
        tensorone <span>studio</span>
      </div>
      <nav aria-label="Screens">
        {screens.map(({ name, title }) => (
          <a key={name} href={`#/${name}`} {...(screen.value === name ? { "aria-current": "page" as const } : {})}>
            {title}
          </a>
        ))}
      </nav>
      <div class="about">
        <Machine />
        <label>
          <span class="unseen">Theme</span>
          <select value={theme.value} onChange={(event) => (theme.value = event.currentTarget.value as Theme)}>
            {themes.map((name) => (
              <option key={name} value={name}>
                {themeNames[name]}
              </option>
            ))}
          </select>
        </label>
      </div>
    </header>
  );
}

/** Notices stay until they are put away; none of them stops anything. */
function Said() {
  const { value: now } = failure;
  const isOneThread = machine.value !== null && machine.value.backend === "wasm" && !crossOriginIsolated;
  return (
    <div class="said">
      {now && (
        <div class="failed" role="alert">
          <p>
            <strong>{now.text}</strong>
            {now.hint && <span class="soft"> {now.hint}</span>}
          </p>
          {now.code === "killed" || now.code === "closed" ? (
            <button type="button" onClick={() => void reopen()}>
              Open again
            </button>
          ) : (
            <button type="button" onClick={() => (failure.value = null)}>
              Put away
            </button>
          )}
        </div>
      )}
      {isOneThread && (
        <div>
          <p>{oneThreadText}</p>
        </div>
      )}
      {notices.value.map((text) => (
        <div key={text}>
          <p>{text}</p>
          <button type="button" onClick={() => (notices.value = notices.value.filter((other) => other !== text))}>
            Put away
          </button>
        </div>
      ))}
    </div>
  );
}

const views = { train: TrainScreen, watch: Watch, try: TryScreen } as const;

export function Shell() {
  const View = views[screen.value];
  const title = screens.find(({ name }) => name === screen.value)!.title;
  useEffect(() => {
    document.title = `${title} · tensorone studio`;
  }, [title]);
  return (
    <div class="shell">
      <Top />
      <main id="main" tabIndex={-1}>
        <Said />
        <View />
      </main>
      <footer>
        Pictures and models stay in this browser; the page's policy allows no other address.
        {machine.value?.storage === "memory" &&
          " This browser keeps no files for the page: they are gone when it is closed."}
      </footer>
      <p class="unseen" role="status" aria-live="polite">
        {spoken.value}
      </p>
    </div>
  );
}

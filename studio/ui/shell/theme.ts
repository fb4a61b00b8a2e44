/** Dark, light, or the system's choice, kept in the browser. */
import { effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";
export const themes: readonly Theme[] = ["auto", "light", "dark"];

const KEY = "tensorone-theme";
const isTheme = (text: string | null): text is Theme => themes.some((one) => one === text);

/** A page from a file, or with storage forbidden, has none. */
function read(): Theme {
  try {
    const text = localStorage.getItem(KEY);
    return isTheme(text) ? text : "auto";
  } catch {
    return "auto";
  }
}

export const theme = signal<Theme>(read());

effect(() => {
  const { dataset } = document.documentElement;
  if (theme.value === "auto") delete dataset.theme;
  else dataset.theme = theme.value;
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // then the choice lasts as long as the page
  }
});

/** Which screen the address names: #/train, #/watch, #/try. */
import { signal } from "@preact/signals";

export type Screen = "train" | "watch" | "try";
export const screens: readonly { readonly name: Screen; readonly title: string }[] = [
  { name: "train", title: "Train" },
  { name: "watch", title: "Watch" },
  { name: "try", title: "Try" },
];

/** A screen may keep more of the address for itself: #/watch/run-3 is of [Watch]. */
function named(): Screen {
  const first = location.hash.replace(/^#\/?/, "").split(/[/?]/)[0];
  return screens.find(({ name }) => name === first)?.name ?? "train";
}

export const screen = signal<Screen>(named());
addEventListener("hashchange", () => {
  screen.value = named();
});

/** The exported page: pictures in, answers out. Everything it needs is in its file; it runs on one thread. */
import { gradCam, heatOverlay, setBackend } from "tensorone";
import type { Image } from "../../src/data/codecs/image.js";
import { likeliestOf, scoresOf, squareOf } from "../worker/exports/look.js";
import { type OpenedPage, openPage, places } from "./page-model.js";
import { readKept } from "./read-kept.js";

const byId = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;

/** Answers that are listed. */
const SHOWN = 5;
/** Kept on the page; the oldest go. */
const MOST = 100;

function element<K extends keyof HTMLElementTagNameMap>(name: K, text = "", className = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function draw(canvas: HTMLCanvasElement, { width, height, data }: Image): void {
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    pixels.data.set(data.subarray(from, from + 3), to);
    pixels.data[to + 3] = 255;
  }
  canvas.getContext("2d")!.putImageData(pixels, 0, 0);
}

const percent = (score: number): string => `${(100 * score).toFixed(1)} %`;

function scoreList(scores: Float64Array, classes: readonly string[]): HTMLOListElement {
  const list = element("ol");
  const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
  for (const c of order.slice(0, SHOWN)) {
    const bar = element("span", "", "bar");
    bar.style.width = `${100 * scores[c]!}%`;
    const row = element("li");
    row.append(element("span", classes[c]), element("span", percent(scores[c]!)), bar);
    list.append(row);
  }
  return list;
}

/** A button that lays what spoke for the answer over the picture, computed when it is first asked for. */
function heatButton({ loaded, asked }: OpenedPage, canvas: HTMLCanvasElement, square: Image, best: number) {
  const button = element("button", "Where it looks");
  button.type = "button";
  button.setAttribute("aria-pressed", "false");
  let hot: Image | null = null;
  button.onclick = async () => {
    const isOn = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOn));
    if (hot === null) {
      const { imageSize, normalization } = asked;
      const cam = await gradCam(loaded, square, { ...normalization, class: best, imageSize, resizeSize: imageSize });
      hot = heatOverlay(square, cam.map);
    }
    draw(canvas, button.getAttribute("aria-pressed") === "true" ? hot : square);
  };
  return button;
}

async function answer(page: OpenedPage, file: File): Promise<HTMLLIElement> {
  const item = element("li");
  const canvas = element("canvas");
  const words = element("div");
  item.append(canvas, words);
  try {
    const image = await readKept(file, page.about);
    const square = squareOf(image, page.asked);
    draw(canvas, square);
    const start = performance.now();
    const scores = await scoresOf(page.asked, image);
    const ms = performance.now() - start;
    const best = likeliestOf(scores);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${file.name}, answered ${page.asked.classes[best]}`);
    words.append(
      element("h2", `${file.name}, ${ms.toFixed(0)} ms`),
      scoreList(scores, page.asked.classes),
      heatButton(page, canvas, square, best),
    );
  } catch (error) {
    canvas.setAttribute("aria-hidden", "true");
    words.append(element("h2", file.name), element("p", error instanceof Error ? error.message : String(error)));
  }
  return item;
}

function start(page: OpenedPage): void {
  const { about } = page;
  byId("about").textContent =
    `${about.network}, ${about.classes.length} classes: ${about.classes.slice(0, 12).join(", ")}${about.classes.length > 12 ? ", …" : ""}.`;
  byId("chain").textContent =
    `Decoder while it learnt: ${about.decoder}; resize: ${about.resize}. Here: this browser's decoder,${about.betweenSide === undefined ? "" : ` its filter of quality "high" to a short side of ${about.betweenSide} px where it is longer,`} the same exact resize${
      about.keptSide === null ? "" : ` to a short side of ${about.keptSide} px where it is longer,`
    } to a short side of ${about.resizeSize} px, the middle ${about.imageSize} × ${about.imageSize} px.`;
  const [results, spoken, drop] = [byId("results"), byId("spoken"), byId("drop")];
  let last: Promise<void> = Promise.resolve();
  const take = (files: readonly File[]): void => {
    last = last.then(async () => {
      for (const [i, file] of files.entries()) {
        spoken.textContent = `Looking at ${i + 1} of ${files.length}`;
        results.prepend(await answer(page, file));
        if (results.children.length > MOST) results.lastElementChild?.remove();
        // a frame for the page
        await new Promise((resolve) => setTimeout(resolve));
      }
      spoken.textContent = `${files.length} ${files.length === 1 ? "picture" : "pictures"} answered`;
    });
  };
  const input = byId<HTMLInputElement>("files");
  input.onchange = () => {
    take([...(input.files ?? [])]);
    input.value = "";
  };
  addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.className = "over";
  });
  addEventListener("dragleave", () => {
    drop.className = "";
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    drop.className = "";
    take([...(event.dataTransfer?.files ?? [])]);
  });
  document.documentElement.dataset.ready = "true";
}

void setBackend("wasm", { threads: 1 })
  .then(() => start(openPage(byId(places.model).textContent ?? "", byId(places.weights).textContent ?? "")))
  .catch((error: unknown) => {
    byId("about").textContent = `This page cannot start: ${error instanceof Error ? error.message : String(error)}`;
  });

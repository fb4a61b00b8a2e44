/** `explain`: where pictures speak for a class, by Grad-CAM, as pictures. */
import { mkdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { type Decoder, loadDecoder } from "../../data/codecs/decoder.js";
import { PictureFiles } from "../../data/sets/picture-source.js";
import { heatOverlay } from "../../figures/heat-map.js";
import { encodePng } from "../../figures/png.js";
import { npyBytes, npyHeader } from "../../io/npy.js";
import { type GradCamOptions, gradCam } from "../../train/looking/grad-cam.js";
import { picturePaths } from "../../train/looking/picture-paths.js";
import { expectUsable } from "../../train/steps/finite.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { DataError } from "../../util/errors.js";
import { formatPercent } from "../../util/format.js";
import { printable } from "../../util/printable.js";
import { defineCommand } from "../command.js";
import { checkOutputFolder } from "../eval/output-folder.js";
import { flag, text } from "../options.js";
import { shownPath } from "../paths.js";
import { openModel, pictureOptions, pictureWords } from "../pictures/opened-model.js";
import { PassedOver } from "../pictures/passed-over.js";

/** A name of its own for each picture, from its file's: "cat.cam.png", "cat-2.cam.png". */
function outputNames(paths: readonly string[]): string[] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const stem = basename(path, extname(path));
    let name = stem;
    for (let n = 2; taken.has(name); n++) name = `${stem}-${n}`;
    taken.add(name);
    return `${name}.cam`;
  });
}

/** A class as gradCam() takes it: by name, in words or as the folders are called, or by number. */
function classOf(wanted: string, classes: readonly string[] | null, names: readonly string[] | null): number | string {
  if (names?.includes(wanted)) return wanted;
  const at = classes?.indexOf(wanted) ?? -1;
  if (at >= 0) return at;
  return /^\d+$/.test(wanted) ? Number(wanted) : wanted;
}

export const explain = defineCommand({
  name: "explain",
  summary: "Shows where pictures speak for a class (Grad-CAM)",
  positionals: pictureWords,
  options: {
    ...pictureOptions,
    class: text({ help: "the class, by name or number; default: the likeliest of each picture", placeholder: "NAME" }),
    stage: text({
      help: "whose output is looked at: its name, or its number from 0 or from -1 backwards; default: the last",
      placeholder: "NAME",
    }),
    out: text({ help: "folder for the pictures, NAME.cam.png each", placeholder: "DIR", default: "." }),
    raw: flag({ help: "write the map as an array as well, NAME.cam.npy: float32 [height, width], 0 to 1" }),
    force: flag({ help: "replace files that exist" }),
  },
  examples: [
    "explain --checkpoint runs/pets cat.jpg dog.jpg",
    "explain --checkpoint runs/pets --class dog --stage stage3 my-pictures/val --out maps --raw --force",
  ],
  async run(values, words, { terminal, aside }) {
    const { out, stage } = values;
    const paths: string[] = [];
    for await (const some of picturePaths("explain", words, process.stdin)) paths.push(...some);
    const outputs = outputNames(paths);
    const endings = values.raw ? [".png", ".npy"] : [".png"];
    const files = outputs.flatMap((name) => endings.map((ending) => name + ending));
    checkOutputFolder("explain", out, files, values.force);
    const opened = await openModel("explain", values, aside);
    const { model, classes, names, sizes, info, where } = opened;
    await expectUsable(where, model);
    const decoder = await loadDecoder(opened.decoder);
    const options: GradCamOptions = {
      ...sizes,
      ...(names && { classNames: names }),
      ...(stage !== undefined && { stage: /^-?\d+$/.test(stage) ? Number(stage) : stage }),
      ...(values.class !== undefined && { class: classOf(values.class, classes, names) }),
    };
    const pictures = new PictureFiles();
    const passedOver = new PassedOver(aside);
    const images = [];
    for (const [i, path] of paths.entries()) {
      const image = await decoded(decoder, pictures, path);
      if (image instanceof DataError) {
        passedOver.add(path, image);
        continue;
      }
      const cam = await gradCam(model, image, options);
      const file = join(out, `${outputs[i]}.png`);
      await mkdir(out, { recursive: true });
      await writeFileAtomic(file, encodePng(heatOverlay(cam.image, cam.map)));
      const { width, height, values: heat } = cam.map;
      if (values.raw) {
        const raw = [npyHeader([height, width]), npyBytes(heat)];
        await writeFileAtomic(join(out, `${outputs[i]}.npy`), raw);
      }
      const { label, score } = cam.class;
      terminal.print(
        `${printable(path)}: ${printable(label)} ${formatPercent(100 * score)}, ${cam.stage} ${width}x${height} -> ${printable(shownPath(file))}`,
      );
      const { predicted, peak } = cam;
      images.push({ image: path, class: cam.class, predicted, stage: cam.stage, width, height, peak, out: file });
    }
    pictures.close();
    const exitCode = passedOver.finish(images.length);
    const { checkpoint } = opened;
    const { failed } = passedOver;
    return { json: { checkpoint, model: info.model, form: info.form, images, failed }, exitCode };
  },
});

/** The picture, or what is wrong with it. */
async function decoded(decoder: Decoder, files: PictureFiles, path: string) {
  try {
    return await decoder.decode(files.bytesOf({ path }), path);
  } catch (cause) {
    if (cause instanceof DataError) return cause;
    throw cause;
  }
}

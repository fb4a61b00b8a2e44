/** Pixels of the project's pictures: in storage all of them, in memory the latest used, so that a thousand pictures do not fill a tab. */
import type { Image } from "../../../src/data/codecs/image.js";
import type { ProjectFiles } from "../storage/files.js";

/** Bytes of pixels that stay in memory. */
const MOST_BYTES = 192e6;
/** Width and height before the pixels. */
const HEAD = 8;

const nameOf = (id: number): string => `picture-${id}.rgb`;

export class PictureStore {
  readonly #files: ProjectFiles;
  /** In the order of their last use. */
  readonly #held = new Map<number, Image>();
  #bytes = 0;

  constructor(files: ProjectFiles) {
    this.#files = files;
  }

  /** Bytes of pixels in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  async put(id: number, image: Image): Promise<void> {
    const bytes = new Uint8Array(HEAD + image.data.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, image.width, true);
    view.setUint32(4, image.height, true);
    bytes.set(image.data, HEAD);
    await this.#files.write(nameOf(id), bytes);
    this.#hold(id, image);
  }

  /** Null where its file is not there or damaged. */
  async get(id: number): Promise<Image | null> {
    const held = this.#held.get(id);
    if (held) {
      this.#held.delete(id);
      this.#held.set(id, held);
      return held;
    }
    const bytes = await this.#files.read(nameOf(id));
    if (bytes === null || bytes.length < HEAD) return null;
    const view = new DataView(bytes.buffer);
    const [width, height] = [view.getUint32(0, true), view.getUint32(4, true)];
    if (bytes.length !== HEAD + width * height * 3) return null;
    const image: Image = { width, height, channels: 3, data: bytes.subarray(HEAD) };
    this.#hold(id, image);
    return image;
  }

  async remove(id: number): Promise<void> {
    this.#drop(id);
    await this.#files.remove(nameOf(id));
  }

  forget(): void {
    this.#held.clear();
    this.#bytes = 0;
  }

  #drop(id: number): void {
    const image = this.#held.get(id);
    if (!image) return;
    this.#held.delete(id);
    this.#bytes -= image.data.length;
  }

  #hold(id: number, image: Image): void {
    this.#drop(id);
    this.#held.set(id, image);
    this.#bytes += image.data.length;
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= MOST_BYTES) break;
      this.#drop(oldest);
    }
  }
}

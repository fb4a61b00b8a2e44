/**
 * Blocks of parameters in uniform buffers. Each dispatch has its own, at an offset fixed in its bind group: an offset given
 * with every call costs half as much again to encode, and software Vulkan five times as much to run.
 */

/** Blocks start at multiples of this. */
export const BLOCK_BYTES = 256;
const WORDS = BLOCK_BYTES / 4;
const BLOCKS_IN_PAGE = 1024;
const UNIFORM_COPY_DST = 0x40 | 0x08;

class Page {
  readonly buffer: GPUBuffer;
  readonly words = new Uint32Array(BLOCKS_IN_PAGE * WORDS);
  /** Blocks that the device has not seen: from … to − 1. */
  from = BLOCKS_IN_PAGE;
  to = 0;

  constructor(device: GPUDevice) {
    this.buffer = device.createBuffer({ size: BLOCKS_IN_PAGE * BLOCK_BYTES, usage: UNIFORM_COPY_DST });
  }
}

export interface Block {
  readonly page: Page;
  readonly index: number;
}

export class ParameterPages {
  readonly #device: GPUDevice;
  #pages: Page[] = [];
  #taken = BLOCKS_IN_PAGE;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** A new block with these contents, from the next upload() on. */
  take(parameters: Uint32Array): Block {
    if (this.#taken === BLOCKS_IN_PAGE) {
      this.#pages.push(new Page(this.#device));
      this.#taken = 0;
    }
    const block = { page: this.#pages.at(-1)!, index: this.#taken++ };
    this.set(block, parameters);
    return block;
  }

  /** Overwrites a block from its word `at` on. */
  set({ page, index }: Block, parameters: Uint32Array, at = 0): void {
    page.words.set(parameters, index * WORDS + at);
    page.from = Math.min(page.from, index);
    page.to = Math.max(page.to, index + 1);
  }

  /** Hands over what has changed. */
  upload(): void {
    for (const page of this.#pages) {
      const { buffer, words, from, to } = page;
      if (from >= to) continue;
      this.#device.queue.writeBuffer(buffer, from * BLOCK_BYTES, words, from * WORDS, (to - from) * WORDS);
      page.from = BLOCKS_IN_PAGE;
      page.to = 0;
    }
  }

  /** Forgets full pages, uploaded ones: a bind group that is still in use keeps its own alive. */
  dropFull(): void {
    this.#pages = this.#pages.slice(-1);
  }

  destroy(): void {
    for (const { buffer } of this.#pages) buffer.destroy();
    this.#pages = [];
    this.#taken = BLOCKS_IN_PAGE;
  }
}

/** What a bind group holds at binding 0. */
export const bindingOf = ({ page, index }: Block, bytes: number): GPUBufferBinding => ({
  buffer: page.buffer,
  offset: index * BLOCK_BYTES,
  size: bytes,
});

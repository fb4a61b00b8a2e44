/**
 * Images for depthwise moments: 16 channels at a time as planes of whole vectors, minus the channel's pivot, with their
 * padding written out, so that neither borders nor the mean need any care later. A padded zero is −pivot there.
 */
import type { Pair } from "../../../../ops/spec/index.js";
import type { FunctionBuilder, Int, IntVar, WasmModule } from "../../../../wasm/index.js";
import { atStrip, STRIP_LANES } from "../blocks/channels.js";

/** What shapes the code. */
export interface ImageGeometry {
  readonly channels: number;
  readonly image: Pair;
  readonly out: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

export interface DepthwiseGeometry extends ImageGeometry {
  readonly images: number;
}

export const ofImage = ({ images: _, ...rest }: DepthwiseGeometry): ImageGeometry => rest;

/** Height and width of a plane: all that patches reach, and the whole image. */
export const planeSize = ({ image, out, kernel, stride, padding }: ImageGeometry): Pair => {
  const size = (axis: 0 | 1): number =>
    Math.max(padding[axis] + image[axis], (out[axis] - 1) * stride[axis] + kernel[axis]);
  return [size(0), size(1)];
};

export const strips = (channels: number): number => Math.ceil(channels / STRIP_LANES);
/** Bytes from pixel to pixel of a plane: one vector. */
export const pixelBytes = (m: WasmModule): number => 4 * m.lanes;
/** Planes of a strip. */
export const planesOf = (lanes: number): number => STRIP_LANES / lanes;
/** Scratch of a worker. */
export function planesBytes(geometry: ImageGeometry): number {
  const [height, width] = planeSize(geometry);
  return 4 * STRIP_LANES * height * width;
}

export interface Planes {
  /** Bytes of a plane and of a row of it. */
  readonly bytes: number;
  readonly row: number;
  /** Fills what lies around the images of all planes of a strip with −pivot; needed once, images overwrite their inside. */
  clear(f: FunctionBuilder, planes: IntVar, pivot: IntVar): void;
  /** Copies one image's strip, x at its first channel. */
  fill(f: FunctionBuilder, planes: IntVar, pivot: IntVar, x: Int, strip: IntVar): void;
}

/** `pivot` points at the strip's part of a vector padded to whole strips. */
export function definePlanes(m: WasmModule, geometry: ImageGeometry): Planes {
  const { image, channels, padding } = geometry;
  const [height, width] = planeSize(geometry);
  const pixel = pixelBytes(m);
  const row = width * pixel;
  const bytes = height * row;
  const count = planesOf(m.lanes);

  const copyRow = (lanes: number) =>
    m.function(`plane row ${lanes}`, ["i32", "i32", "i32"], (f, x, to, pivot) => {
      const shifts = Array.from({ length: count }, (_, i) => f.vec(f.load(pivot, i * pixel)));
      f.for(0, image[1], 1, () => {
        shifts.forEach((shift, i) => {
          const own = Math.max(0, Math.min(m.lanes, lanes - i * m.lanes));
          // channels there are not: zeros, since their sums are computed too
          const value = own > 0 ? f.loadPartial(x, i * pixel, own) : f.splat(0);
          f.store(to, i * bytes, value.sub(shift));
        });
        x.inc(4 * channels);
        to.inc(pixel);
      });
    });
  return {
    bytes,
    row,
    clear(f, planes, pivot) {
      for (let i = 0; i < count; i++) {
        const value = f.vec(f.splat(0).sub(f.load(pivot, i * pixel)));
        const plane = f.int(planes.add(i * bytes));
        const run = (from: Int, length: number) => {
          if (length > 0) f.for(from, from.add(length), pixel, (p) => f.store(p, 0, value));
        };
        const below = padding[0] + image[0];
        run(plane, padding[0] * row);
        run(plane.add(below * row), (height - below) * row);
        const right = (padding[1] + image[1]) * pixel;
        if (row > image[1] * pixel)
          f.for(plane.add(padding[0] * row), plane.add(below * row), row, (line) => {
            run(line, padding[1] * pixel);
            run(line.add(right), row - right);
          });
      }
    },
    fill(f, planes, pivot, x, strip) {
      const from = f.int(x);
      const to = f.int(planes.add(padding[0] * row + padding[1] * pixel));
      const rows = (lanes: number) =>
        f.for(0, image[0], 1, () => {
          f.call(copyRow(lanes), from, to, pivot);
          from.inc(4 * channels * image[1]);
          to.inc(row);
        });
      atStrip(f, channels, strip, rows);
    },
  };
}

/** A data set in ImageNet's layout, in the folder of the program: two classes of noise, 32 px, two pictures a class and split; and one of its pictures. */
import { mkdirSync, writeFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";

const SIDE = 32;

/** A chunk of a PNG file: length, type and data, checksum of both (PNG specification 5.3). */
function chunk(type: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** 8-bit RGB noise; a row is a filter type, here none, and its pixels. */
function noise(seed: number): Uint8Array {
  const header = Buffer.from([0, 0, 0, SIDE, 0, 0, 0, SIDE, 8, 2, 0, 0, 0]);
  const rowBytes = 1 + SIDE * 3;
  const rows = Uint8Array.from({ length: SIDE * rowBytes }, (_, i) => (i % rowBytes === 0 ? 0 : (i * seed) % 256));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = [chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", new Uint8Array())];
  return Buffer.concat([signature, ...chunks]);
}

export async function given(): Promise<{ readonly root: string; readonly picture: Uint8Array }> {
  const root = "imagenet";
  for (const split of ["train", "val"])
    for (const [label, name] of ["cat", "dog"].entries()) {
      const folder = `${root}/${split}/${name}`;
      mkdirSync(folder, { recursive: true });
      for (let i = 0; i < 2; i++) writeFileSync(`${folder}/${i}.png`, noise(7 + 2 * label + i));
    }
  return { root, picture: noise(7) };
}

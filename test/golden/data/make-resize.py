"""Writes resize-bilinear.json: Pillow's bilinear resize on 60 random and 12 chosen cases, as SHA-256 of the pixels.

Run with Debian's python3-pil and python3-numpy:  /usr/bin/python3 make-resize.py
Sources are the byte stream that test/data/fixtures.ts computes too; a box is cut out before the resize, as mmcv does.
"""
import hashlib
import json
import pathlib
import random

import numpy
from PIL import Image

HERE = pathlib.Path(__file__).parent


def lcg_bytes(count, seed):
    """High bytes of x -> 1664525 x + 1013904223 mod 2^32, many at once: x_n = a_n x_0 + c_n."""
    factor, term = numpy.empty(count, numpy.uint64), numpy.empty(count, numpy.uint64)
    a, c = 1, 0
    block = min(count, 4096)
    for i in range(block):
        a, c = a * 1664525 & 0xFFFFFFFF, (c * 1664525 + 1013904223) & 0xFFFFFFFF
        factor[i], term[i] = a, c
    for start in range(block, count, block):
        n = min(block, count - start)
        # x_(start+i) from x_(start-1+i+1): the block's own step applied to the block before
        before = slice(start - block, start - block + n)
        factor[start:start + n] = factor[before] * a & 0xFFFFFFFF
        term[start:start + n] = (term[before] * a + c) & 0xFFFFFFFF
    return ((factor * seed + term & 0xFFFFFFFF) >> 24).astype(numpy.uint8)


def chosen():
    """Real sizes of the recipe, and the edges of the algorithm."""
    yield [500, 375], None, [341, 256]
    yield [375, 500], None, [256, 341]
    yield [500, 333], None, [384, 256]
    yield [341, 256], [58, 16, 224, 224], [224, 224]
    yield [500, 375], [21, 9, 352, 311], [224, 224]
    yield [500, 375], [58, 12, 269, 302], [160, 160]
    yield [500, 375], [0, 0, 41, 30], [192, 192]
    yield [20, 32], None, [256, 409]
    yield [2, 2], None, [3, 3]
    yield [1, 7], None, [224, 224]
    yield [499, 3], None, [2, 2]
    yield [17, 400], None, [17, 224]


def drawn(rng):
    for _ in range(60):
        width, height = rng.randint(1, 300), rng.randint(1, 300)
        box = None
        if rng.random() < 0.5:
            w, h = rng.randint(1, width), rng.randint(1, height)
            box = [rng.randint(0, width - w), rng.randint(0, height - h), w, h]
        yield [width, height], box, [rng.randint(1, 256), rng.randint(1, 256)]


def main():
    cases = []
    for i, (size, box, to) in enumerate([*chosen(), *drawn(random.Random(0))]):
        seed = 1000 + i
        pixels = lcg_bytes(size[0] * size[1] * 3, seed).reshape(size[1], size[0], 3)
        image = Image.fromarray(pixels, "RGB")
        if box is not None:
            image = image.crop((box[0], box[1], box[0] + box[2], box[1] + box[3]))
        out = image.resize(to, Image.BILINEAR)
        cases.append({"seed": seed, "from": size, "box": box, "to": to, "filter": "bilinear",
                      "sha256": hashlib.sha256(out.tobytes()).hexdigest()})
    (HERE / "resize-bilinear.json").write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()

"""Writes pictures like fixtures/photo.jpg, each another one, into class folders: run_pictures.py FOLDER TRAIN VAL.

500x375, 4:2:0, about 100 KB, as ImageNet's average file. Needs Pillow and numpy.
"""
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT, QUALITY, NOISE, CLASSES = 500, 375, 93, 12.0, 4


def picture(seed):
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    sky = np.stack([90 + 90 * y / HEIGHT, 120 + 60 * x / WIDTH, 200 - 100 * y / HEIGHT], -1)
    image = Image.fromarray(sky.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        left, top = random.integers(0, WIDTH), random.integers(0, HEIGHT)
        radius, sides = random.integers(8, 70), random.integers(3, 9)
        color = tuple(int(c) for c in random.integers(20, 235, 3))
        draw.regular_polygon((int(left), int(top), int(radius)), int(sides), int(random.integers(0, 90)), fill=color)
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(0.7)), np.float64)
    return (pixels + random.normal(0, NOISE, pixels.shape)).clip(0, 255).astype(np.uint8)


def main():
    folder, counts = Path(sys.argv[1]), {"train": int(sys.argv[2]), "val": int(sys.argv[3])}
    seed = 0
    for part, count in counts.items():
        for i in range(count):
            target = folder / part / f"class{i % CLASSES}" / f"{i:05}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            seed += 1
            Image.fromarray(picture(seed)).save(target, quality=QUALITY, subsampling="4:2:0")


if __name__ == "__main__":
    main()

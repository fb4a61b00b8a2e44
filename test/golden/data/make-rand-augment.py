#!/usr/bin/python3
"""Golden pictures for RandAugment "timm increasing", from numpy, OpenCV and Pillow.

Needs numpy 1.24, OpenCV 4.6 and Pillow 9.4 (Debian: python3-numpy python3-opencv python3-pil); writes rand-augment.json and
rand-augment.png beside itself. The operations are those that mmpretrain 1.0 and mmcv 2.0 document, written here from their
formulas: warps and blends by OpenCV, tables by numpy; operations that Pillow has with the same meaning are made by
Pillow as well and have to agree. Pictures are RGB here and there; the reference's are BGR.
"""
import hashlib
import json
import math
import pathlib

import cv2
import numpy as np
from PIL import Image, ImageOps

here = pathlib.Path(__file__).parent
FILL = (124, 116, 104)


def lcg_image(width, height, seed):
    """The byte stream of test/data/fixtures.ts."""
    state, out = seed, bytearray()
    for _ in range(width * height * 3):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(state >> 24)
    return np.frombuffer(bytes(out), np.uint8).reshape(height, width, 3)


def smooth_image(width, height, seed):
    """Soft gradients and one edge: levels that tables and cubic weights care about."""
    noise = Image.fromarray(lcg_image(7, 5, seed)).resize((width, height), Image.BICUBIC)
    out = np.asarray(noise).copy()
    out[height // 3 : height // 2, width // 4 : width // 2] = (250, 20, 90)
    return out


def per_channel(table_of):
    def run(image, _):
        channels = [table_of(np.bincount(image[..., c].ravel(), minlength=256))[image[..., c]] for c in range(3)]
        return np.stack(channels, -1).astype(np.uint8)

    return run


def stretch_table(counts):
    low, high = counts.nonzero()[0][[0, -1]]
    levels = np.arange(256.0)
    if low >= high:
        return levels
    scale = 255.0 / (high - low)
    return np.clip(levels * scale + -low * scale, 0, 255)


def equal_table(counts):
    present = counts[counts > 0]
    step = (present.sum() - present[-1]) // 255
    if step == 0:
        return np.arange(256)
    sums = (counts.cumsum() + step // 2) // step
    return np.minimum(np.concatenate([[0], sums[:-1]]), 255)


def blend(image, other, factor):
    mixed = cv2.addWeighted(image.astype(np.float32), factor, other.astype(np.float32), 1 - factor, 0)
    return np.clip(mixed, 0, 255).astype(np.uint8)


def grey_of(image):
    return cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)


def color(image, change):
    grey = np.repeat(grey_of(image)[..., None], 3, -1)
    return cv2.addWeighted(image, 1 + change, grey, 1 - (1 + change), 0)


def contrast(image, change):
    grey = grey_of(image)
    return blend(image, np.full_like(image, round(grey.sum() / grey.size)), 1 + change)


def sharpness(image, change):
    kernel = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13.0
    return blend(image, cv2.filter2D(image, -1, kernel), 1 + change)


def warp(image, matrix, flags):
    size = (image.shape[1], image.shape[0])
    return cv2.warpAffine(image, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=FILL)


def rotate(image, degrees):
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) * 0.5, (height - 1) * 0.5), -degrees, 1.0)
    return warp(image, matrix, cv2.INTER_NEAREST)


def shear(axis):
    def run(image, amount):
        matrix = [[1, amount, 0], [0, 1, 0]] if axis == "x" else [[1, 0, 0], [amount, 1, 0]]
        return warp(image, np.float32(matrix), cv2.INTER_CUBIC)

    return run


def translate(axis):
    def run(image, share):
        height, width = image.shape[:2]
        x, y = (share * width, 0) if axis == "x" else (0, share * height)
        return warp(image, np.float32([[1, 0, x], [0, 1, y]]), cv2.INTER_NEAREST)

    return run


def posterize(image, magnitude):
    shift = 8 - math.ceil(magnitude)
    return ((image.astype(int) >> shift) << shift).astype(np.uint8)


# name -> (magnitude at level 0 and 10 or None, signed, operation)
OPERATIONS = {
    "autoContrast": (None, False, per_channel(stretch_table)),
    "equalize": (None, False, per_channel(equal_table)),
    "invert": (None, False, lambda image, _: 255 - image),
    "rotate": ((0, 30), True, rotate),
    "posterize": ((4, 0), False, posterize),
    "solarize": ((256, 0), False, lambda image, m: np.where(image < m, image, 255 - image)),
    "solarizeAdd": (
        (0, 110),
        False,
        lambda image, m: np.where(image < 128, np.minimum(image + m, 255), image).astype(np.uint8),
    ),
    "color": ((0, 0.9), True, color),
    "contrast": ((0, 0.9), True, contrast),
    "brightness": ((0, 0.9), True, lambda image, m: blend(image, np.zeros_like(image), 1 + m)),
    "sharpness": ((0, 0.9), True, sharpness),
    "shearX": ((0, 0.3), True, shear("x")),
    "shearY": ((0, 0.3), True, shear("y")),
    "translateX": ((0, 0.45), True, translate("x")),
    "translateY": ((0, 0.45), True, translate("y")),
}

# where Pillow means the same
PILLOW = {
    "autoContrast": lambda image, _: ImageOps.autocontrast(image),
    "equalize": lambda image, _: ImageOps.equalize(image),
    "invert": lambda image, _: ImageOps.invert(image),
    "posterize": lambda image, m: ImageOps.posterize(image, math.ceil(m)),
    "solarize": lambda image, m: ImageOps.solarize(image, m),
}


def apply(name, image, magnitude):
    out = OPERATIONS[name][2](image, magnitude)
    if name in PILLOW and not (name == "posterize" and math.ceil(magnitude) == 0):
        twin = np.asarray(PILLOW[name](Image.fromarray(image), magnitude))
        assert np.array_equal(out, twin), f"{name} {magnitude}: Pillow differs"
    return out


def magnitudes(name, levels):
    bounds, is_signed, _ = OPERATIONS[name]
    if bounds is None:
        return [None]
    values = [level / 10 * (bounds[1] - bounds[0]) + bounds[0] for level in levels]
    return [sign * value for value in values for sign in ((1, -1) if is_signed else (1,))]


def draw(level, count=2, deviation=0.5):
    """The reference's draws from numpy's global generator: indices, then per operation chance, strength, sign."""
    names = list(OPERATIONS)
    drawn = []
    for i in np.random.choice(np.arange(len(names)), size=count):
        bounds, is_signed, _ = OPERATIONS[names[i]]
        if np.random.rand() > 0.5:
            continue
        magnitude = None
        if bounds is not None:
            at = np.clip(np.random.normal(level, deviation), 0, 10)
            magnitude = (at / 10) * (bounds[1] - bounds[0]) + bounds[0]
            if is_signed and np.random.rand() < 0.5:
                magnitude = -magnitude
        drawn.append((names[i], magnitude))
    return drawn


def digest(image):
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()[:16]


sources = {
    "noise224": lcg_image(224, 224, 11),
    "noise61x47": lcg_image(61, 47, 12),
    "smooth192": smooth_image(192, 192, 13),
    "smooth61x47": smooth_image(61, 47, 14),
    "noise1x3": lcg_image(1, 3, 15),
    "flat": np.full((20, 30, 3), (7, 7, 200), np.uint8),
}
LEVELS = [0, 0.23, 0.7, 1.9, 2.1, 3.3, 4.9, 5.5, 6.4, 7, 8.1, 9.2, 10]

cases = [
    {"op": name, "magnitude": magnitude, "source": source, "sha256": digest(apply(name, image, magnitude))}
    for name in OPERATIONS
    for source, image in sources.items()
    for magnitude in magnitudes(name, LEVELS)
]

draws = []
for level in (0.7, 2.1, 4.9, 7):
    for seed in range(25):
        np.random.seed(seed)
        image = sources["smooth61x47"]
        drawn = draw(level)
        for name, magnitude in drawn:
            image = apply(name, image, magnitude)
        draws.append(
            {"level": level, "seed": seed, "operations": drawn, "next": np.random.rand(), "sha256": digest(image)}
        )

np.random.seed(7)
normals = [float(np.random.normal(2, 0.5)) for _ in range(5)]
normals.append(float(np.random.rand()))
normals += [float(np.random.normal(2, 0.5)) for _ in range(3)]

# a sheet to look at: a row per operation, at level 7
rows = []
for name in OPERATIONS:
    shown = [sources["smooth61x47"]] + [apply(name, sources["smooth61x47"], m) for m in magnitudes(name, [7])]
    shown += [sources["smooth61x47"] * 0] * (3 - len(shown))
    rows.append(np.concatenate(shown, 1))
Image.fromarray(np.concatenate(rows, 0)).save(here / "rand-augment.png", optimize=True)

made_with = f"numpy {np.__version__}, OpenCV {cv2.__version__}, Pillow {Image.__version__}"
with open(here / "rand-augment.json", "w") as file:
    # the smooth sources are resized by Pillow: 7x5 pixels are enough to make them again
    file.write(json.dumps({"madeWith": made_with, "normals": normals})[:-1] + ',\n"cases": [\n')
    file.write(",\n".join(json.dumps(case) for case in cases) + '\n],\n"draws": [\n')
    file.write(",\n".join(json.dumps(one) for one in draws) + "\n]}\n")
print(len(cases), "cases,", len(draws), "draws,", made_with)

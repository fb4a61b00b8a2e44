#!/usr/bin/python3
"""Pictures of AutoAugment, ColorJitter and RandomErasing as torchvision 0.14 makes them with Pillow 9.4, and the draws behind them.

Needs python3-torchvision, python3-skimage (of its photographs: astronaut, NASA, and rocket, SpaceX, public domain; coffee and chelsea, CC0) and
Debian's Pillow; writes augment.json and augment/*.png beside itself. A digest is the first 16 hex digits of SHA-256 of the RGB bytes.
"""
import hashlib
import json
import os
import pathlib

import numpy as np
import skimage
import torch
from PIL import Image
from torchvision import transforms as T
from torchvision.transforms import functional as F
from torchvision.transforms.autoaugment import _apply_op

here = pathlib.Path(__file__).parent
data = pathlib.Path(os.path.dirname(skimage.__file__)) / "data"
FILL = [124, 116, 104]
BINS = 10


def digest(image):
    return hashlib.sha256(np.ascontiguousarray(np.asarray(image)).tobytes()).hexdigest()[:16]


def lcg_image(width, height, seed):
    """The byte stream of test/data/fixtures.ts."""
    state, out = seed, bytearray()
    for _ in range(width * height * 3):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(state >> 24)
    return Image.fromarray(np.frombuffer(bytes(out), np.uint8).reshape(height, width, 3))


# name: file, box in it, size
PHOTOS = {
    "astronaut": ("astronaut.png", (100, 0, 400, 280), (75, 69)),
    "coffee": ("coffee.png", (120, 40, 480, 380), (64, 61)),
    "chelsea": ("chelsea.png", (60, 10, 400, 290), (71, 58)),
    "rocket": ("rocket.jpg", (200, 20, 500, 400), (41, 52)),
}


def photographs():
    folder = here / "augment"
    folder.mkdir(exist_ok=True)
    made = {}
    for name, (file, box, size) in PHOTOS.items():
        image = Image.open(data / file).convert("RGB").crop(box).resize(size, Image.BICUBIC)
        image.save(folder / f"{name}.png", optimize=True)
        made[name] = image
    return made


def greyish(image):
    """Nearly without colour: hues that a difference of one level decides."""
    grey = np.asarray(image.convert("L")).astype(int)
    tint = np.asarray(lcg_image(image.width, image.height, 5)).astype(int) % 3 - 1
    return Image.fromarray(np.clip(grey[..., None] + tint, 0, 255).astype(np.uint8))


photos = photographs()
sources = {
    **photos,
    "greyish": greyish(photos["coffee"]),
    "noise61x47": lcg_image(61, 47, 12),
    "noise1x3": lcg_image(1, 3, 15),
    "noise3x2": lcg_image(3, 2, 16),
    "flat": Image.new("RGB", (30, 20), (7, 7, 200)),
}


def camel(name):
    return name[0].lower() + name[1:]


def auto_operations():
    """Every operation at every bin and sign, on every picture."""
    cases = []
    for source, image in sources.items():
        space = T.AutoAugment()._augmentation_space(BINS, (image.height, image.width))
        for name, (magnitudes, signed) in space.items():
            values = [0.0] if magnitudes.ndim == 0 else [float(v) for v in magnitudes]
            for value in [*values, *([-v for v in values[1:]] if signed else [])]:
                out = _apply_op(image, name, value, T.InterpolationMode.NEAREST, FILL)
                cases.append([camel(name), None if magnitudes.ndim == 0 else value, source, digest(out)])
    return cases


def auto_draws():
    """Whole forward passes with the draws that they made."""
    out = []
    for policy in T.AutoAugmentPolicy:
        augment = T.AutoAugment(policy, fill=FILL)
        for index in range(len(augment.policies)):
            source = list(photos)[index % len(photos)]
            torch.manual_seed(1000 + index)
            chances, signs = torch.rand((2,)), torch.randint(2, (2,))
            augment.get_params = lambda _, i=index, c=chances, s=signs: (i, c, s)
            image = augment(sources[source])
            out.append([policy.value, index, [float(c) for c in chances], [int(s) == 0 for s in signs], source, digest(image)])
    return out


def colors():
    """Each change on each picture, and whole jitters with the draws that they made."""
    single, whole = [], []
    factors = [0, 0.1, 0.37, 0.5, 0.8123456789, 1, 1.0001, 1.2, 1.6, 1.99, 2.5]
    turns = [-0.5, -0.4999, -0.25, -0.1, -0.0039, 0, 0.001, 0.004, 0.05, 0.1, 0.25, 0.333, 0.5]
    changes = {
        "brightness": (F.adjust_brightness, factors),
        "contrast": (F.adjust_contrast, factors),
        "saturation": (F.adjust_saturation, factors),
        "hue": (F.adjust_hue, turns),
    }
    for source, image in sources.items():
        for name, (change, values) in changes.items():
            single += [[name, value, source, digest(change(image, value))] for value in values]
    names = list(changes)
    jitter = T.ColorJitter(0.4, 0.4, 0.4, 0.1)
    for seed in range(40):
        source = list(sources)[seed % len(sources)]
        torch.manual_seed(seed)
        order, *amounts = T.ColorJitter.get_params(jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue)
        torch.manual_seed(seed)
        image = jitter(sources[source])
        drawn = [[names[i], amounts[i]] for i in order.tolist()]
        whole.append([drawn, source, digest(image)])
    return {"single": single, "whole": whole}


def all_colors():
    """All 2^24 colours with their hue turned: SHA-256 over the slices of equal red."""
    green, blue = np.meshgrid(np.arange(256), np.arange(256), indexing="ij")
    out = {}
    for turn in (0.1,):
        hash_ = hashlib.sha256()
        for red in range(256):
            slice_ = np.stack([np.full_like(green, red), green, blue], -1).astype(np.uint8)
            hash_.update(np.asarray(F.adjust_hue(Image.fromarray(slice_), turn)).tobytes())
        out[str(turn)] = hash_.hexdigest()
    return out


def erasing():
    """Boxes that torchvision draws, and what it leaves of the picture; on bytes, with a colour and with noise."""
    out, large = [], [name for name, image in sources.items() if min(image.size) > 3]
    for seed in range(40):
        source = large[seed % len(large)]
        pixels = torch.from_numpy(np.asarray(sources[source]).transpose(2, 0, 1).copy())
        torch.manual_seed(seed)
        top, left, height, width, _ = T.RandomErasing.get_params(pixels, (0.02, 0.33), (0.3, 3.3), [0.0])
        if (height, width) == tuple(pixels.shape[1:]):
            continue  # no box was found
        noise = np.asarray(lcg_image(width, height, seed)) if seed % 2 else None
        value = torch.tensor(FILL, dtype=torch.uint8)[:, None, None]
        if noise is not None:
            value = torch.from_numpy(noise.transpose(2, 0, 1).copy())
        erased = F.erase(pixels, top, left, height, width, value)
        box = {"top": top, "left": left, "height": height, "width": width}
        out.append([box, None if noise is None else seed, source, digest(erased.numpy().transpose(1, 2, 0))])
    return out


golden = {
    "sources": {name: digest(image) for name, image in sources.items()},
    "auto": {"operations": auto_operations(), "draws": auto_draws()},
    "colors": {**colors(), "all": all_colors()},
    "erasing": erasing(),
}
rows = lambda value: json.dumps(value, separators=(",", ":"))
(here / "augment.json").write_text(rows(golden).replace("],[", "],\n[") + "\n")

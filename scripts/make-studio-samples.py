"""
Writes the studio's sample pictures, studio/samples: crops of five photographs that Debian's python3-skimage ships in skimage/data,
8 of each, 96 x 96, JPEG. Licences: cat (chelsea.png, CC0, Stefan van der Walt), coffee (coffee.png, CC0, Rachel Michetti), eye
(retina.jpg, CC0 1.0, Haeggstroem 2014), person (astronaut.png, NASA, public domain), rocket (rocket.jpg, SpaceX, public domain).
Run as: /usr/bin/python3 scripts/make-studio-samples.py
"""
import os
import random

import skimage
from PIL import Image

SOURCES = {
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "eye": "retina.jpg",
    "person": "astronaut.png",
    "rocket": "rocket.jpg",
}
CROPS = 8
SIDE = 96
here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "studio", "samples")
data = os.path.join(os.path.dirname(skimage.__file__), "data")
draw = random.Random(1)
for name, file in SOURCES.items():
    photo = Image.open(os.path.join(data, file)).convert("RGB")
    folder = os.path.join(here, name)
    os.makedirs(folder, exist_ok=True)
    short = min(photo.size)
    for i in range(CROPS):
        side = draw.randint(short * 2 // 5, short * 4 // 5)
        left, top = draw.randint(0, photo.width - side), draw.randint(0, photo.height - side)
        crop = photo.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.BICUBIC)
        crop.save(os.path.join(folder, f"{i}.jpg"), quality=82)

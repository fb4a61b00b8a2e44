"""
Writes small colour photographs, a folder a class: crops of pictures that Debian's python3-skimage ships in skimage/data, 48 x 48,
JPEG. Their licences: cat (chelsea.png, CC0, Stefan van der Walt), coffee (coffee.png, CC0, Rachel Michetti), eye (retina.jpg,
CC0 1.0, Haeggstroem 2014), person (astronaut.png, NASA, public domain), rocket (rocket.jpg, SpaceX, public domain).
Run as: /usr/bin/python3 make-photos.py
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
SIDE = 48
here = os.path.dirname(os.path.abspath(__file__))
data = os.path.join(os.path.dirname(skimage.__file__), "data")
draw = random.Random(0)
for name, file in SOURCES.items():
    photo = Image.open(os.path.join(data, file)).convert("RGB")
    folder = os.path.join(here, name)
    os.makedirs(folder, exist_ok=True)
    short = min(photo.size)
    for i in range(CROPS):
        side = draw.randint(short // 3, short * 2 // 3)
        left, top = draw.randint(0, photo.width - side), draw.randint(0, photo.height - side)
        crop = photo.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.BICUBIC)
        crop.save(os.path.join(folder, f"{i}.jpg"), quality=80)

"""A whole run in PyTorch, from JPEG files to weights, or from JPEG files to answers: run_torch.py WORK.

WORK is JSON: form (train or eval), data (class folders under train/ and val/), decode (pil or opencv), batch, steps, workers,
threads, log. "pil" decodes and resizes by Pillow, as torchvision's folders do; "opencv" decodes by cv2 and resizes by Pillow, as
mmpretrain's config of MobileOne does (imagenet_bs32_pil_resize.py). Each step appends a line to the log: {"kind": "train", "stepMs"}.
"""
import json
import math
import os
import random
import sys
import time

import cv2
import numpy as np
import torch
from PIL import Image
from torch import nn

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mobileone_torch import mobileone  # noqa: E402

SIDE, SHORT_SIDE = 224, 256
MEAN, STD = torch.tensor([123.675, 116.28, 103.53]), torch.tensor([58.395, 57.12, 57.375])


def load(path, decode):
    if decode == "pil":
        with Image.open(path) as image:
            return image.convert("RGB")
    with open(path, "rb") as file:
        pixels = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
    return Image.fromarray(pixels[:, :, ::-1])


def random_box(width, height):
    """Area 8 to 100 %, shape 3:4 to 4:3, as RandomResizedCrop."""
    for _ in range(10):
        area = width * height * random.uniform(0.08, 1)
        ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            left, top = random.randint(0, width - w), random.randint(0, height - h)
            return left, top, left + w, top + h
    side = min(width, height)
    return (width - side) // 2, (height - side) // 2, (width + side) // 2, (height + side) // 2


class Pictures(torch.utils.data.Dataset):
    def __init__(self, folder, decode, is_training):
        classes = sorted(os.listdir(folder))
        self.samples = [(f"{folder}/{c}/{f}", k) for k, c in enumerate(classes) for f in sorted(os.listdir(f"{folder}/{c}"))]
        self.decode, self.is_training = decode, is_training

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        path, label = self.samples[index]
        image = load(path, self.decode)
        if self.is_training:
            image = image.crop(random_box(*image.size)).resize((SIDE, SIDE), Image.BILINEAR)
            if random.random() < 0.5:
                image = image.transpose(Image.FLIP_LEFT_RIGHT)
        else:
            width, height = image.size
            scale = SHORT_SIDE / min(width, height)
            width, height = round(width * scale), round(height * scale)
            left, top = (width - SIDE) // 2, (height - SIDE) // 2
            image = image.resize((width, height), Image.BILINEAR).crop((left, top, left + SIDE, top + SIDE))
        return torch.from_numpy(np.array(image)), label


def batches(work, is_training):
    """Again and again where it trains."""
    part = "train" if is_training else "val"
    loader = torch.utils.data.DataLoader(
        Pictures(f"{work['data']}/{part}", work["decode"], is_training),
        batch_size=work["batch"],
        shuffle=is_training,
        drop_last=is_training,
        num_workers=work["workers"],
        persistent_workers=work["workers"] > 0,
    )
    while True:
        yield from loader
        if not is_training:
            return


def normalised(pixels):
    return pixels.float().sub_(MEAN).div_(STD).permute(0, 3, 1, 2).contiguous()


def train(work):
    model = mobileone("mobileone_s0", 1000).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    given = batches(work, True)
    with open(work["log"], "a") as log:
        for _ in range(work["steps"]):
            start = time.perf_counter()
            pixels, labels = next(given)
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(model(normalised(pixels)), labels)
            loss.backward()
            optimizer.step()
            loss.item()
            log.write(json.dumps({"kind": "train", "stepMs": 1000 * (time.perf_counter() - start)}) + "\n")
            log.flush()


def evaluate(work):
    model = mobileone("mobileone_s0", 1000).eval()
    right = 0
    with torch.inference_mode():
        for pixels, labels in batches(work, False):
            right += int((model(normalised(pixels)).argmax(1) == labels).sum())
    return right


def main():
    work = json.loads(sys.argv[1])
    torch.set_num_threads(work["threads"])
    cv2.setNumThreads(0)
    (train if work["form"] == "train" else evaluate)(work)


if __name__ == "__main__":
    main()

"""Logits, losses and first-step gradients of RepVGG-A0 and ResNet-18 in PyTorch's float64, with weights that both sides
compute from a formula: nothing but digests is committed. RepVGG and ResNet-18 are those of networks.py. Needs torch, torchvision and numpy:

    python3 test/golden/families/make-families.py test/golden/families/families.json
"""

import json
import sys

import numpy as np
import torch
import torchvision
from torch import nn

from filled import fill
from networks import MODELS
from uniform import uniform

CLASSES, SIDE, BATCH = 10, 64, 2
SEEDS = (0, 1, 2)
PROJECTIONS, SAMPLES = 2, 4


def digest(seed, stream, gradient):
    flat = gradient.detach().numpy().ravel()
    picks = [int(i) for i in np.linspace(0, flat.size - 1, SAMPLES)]
    return {
        "maxAbs": float(np.abs(flat).max()),
        "norm": float(np.sqrt((flat**2).sum())),
        "projections": [float(flat @ uniform(seed, 1000 + PROJECTIONS * stream + k, flat.size)) for k in range(PROJECTIONS)],
        "samples": [float(flat[i]) for i in picks],
    }


def case(make, seed):
    model = make(CLASSES).double()
    fill(model, seed)
    images = torch.from_numpy(uniform(seed, 999, BATCH * 3 * SIDE * SIDE)).reshape(BATCH, 3, SIDE, SIDE)
    labels = torch.tensor([(3 * seed + 7 * i) % CLASSES for i in range(BATCH)])
    model.eval()
    logits = model(images).detach()
    model.train()
    loss = nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    gradients = {
        name: digest(seed, stream, parameter.grad)
        for stream, (name, parameter) in enumerate(model.named_parameters())
    }
    return {
        "logits": logits.tolist(),
        "labels": labels.tolist(),
        "loss": loss.item(),
        "gradients": gradients,
    }


torch.set_num_threads(1)
result = {
    "torch": torch.__version__,
    "torchvision": torchvision.__version__,
    "classes": CLASSES,
    "side": SIDE,
    "models": {name: [case(make, seed) for seed in SEEDS] for name, make in MODELS.items()},
}
with open(sys.argv[1], "w") as file:
    json.dump(result, file, separators=(",", ":"))
    file.write("\n")

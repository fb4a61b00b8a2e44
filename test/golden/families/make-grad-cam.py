"""Grad-CAM (Selvaraju et al. 2017, equations 1 and 2) of the networks of networks.py in PyTorch's float64, by a forward hook and autograd,
with the weights of make-families.py. Needs torch, torchvision and numpy:

    python3 test/golden/families/make-grad-cam.py > test/golden/families/grad-cam.json
"""

import json

import numpy as np
import torch

from filled import fill
from networks import MODELS
from uniform import uniform

CLASSES, SIDE, SEED = 10, 48, 4
MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
# the module that gives a stage's output, by our names of stages
STAGES = {
    "resnet18": {"layer1": "layer1", "layer2": "layer2.1", "layer3": "layer3.1", "layer4": "layer4.1"},
    "repvgg_a0": {"stage2": "stage2.3", "stage4": "stage4.0"},
}


def pixels():
    """[SIDE, SIDE, 3], 0 to 255."""
    return np.floor((uniform(SEED, 999, SIDE * SIDE * 3) + 1) * 127.99).reshape(SIDE, SIDE, 3)


def cam(model, module, rank):
    kept = []
    handle = dict(model.named_modules())[module].register_forward_hook(lambda _, __, output: kept.append(output))
    # pictures are normalised in float32, whatever the model computes in
    x = ((pixels() - MEAN) / STD).astype(np.float32).astype(np.float64)
    logits = model(torch.from_numpy(x).permute(2, 0, 1)[None])[0]
    handle.remove()
    features = kept[0]
    at = int(logits.argsort(descending=True)[rank])
    (gradient,) = torch.autograd.grad(logits[at], features)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    found = torch.relu((weights * features).sum(dim=1))[0]
    assert found.max() > 0
    return {"class": at, "map": found.tolist()}


torch.set_num_threads(1)
cases = []
for name, stages in STAGES.items():
    model = MODELS[name](CLASSES).double()
    fill(model, SEED)
    model.eval()
    for stage, module in stages.items():
        for rank in [0, 1]:
            cases.append({"model": name, "stage": stage, "rank": rank, **cam(model, module, rank)})
print(json.dumps({"torch": torch.__version__, "classes": CLASSES, "side": SIDE, "seed": SEED, "cases": cases}, separators=(",", ":")))

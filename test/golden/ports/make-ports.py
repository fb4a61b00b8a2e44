"""Logits, losses and first-step gradients of torchvision's MobileNetV3-small, ConvNeXt-tiny and a vision transformer of DeiT's tiny size,
in float64, with weights that both sides compute from a formula: nothing but digests is committed. Needs torch and torchvision:

    python3 test/golden/ports/make-ports.py test/golden/ports/ports.json
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch import nn
from torchvision.models import convnext_tiny, mobilenet_v3_small
from torchvision.models.vision_transformer import VisionTransformer

sys.path.append(str(Path(__file__).resolve().parent.parent))
from families.uniform import uniform  # noqa: E402

CLASSES, SEED = 10, 3
LOGITS_SIDE = 224
IMAGES_STREAM, FIRST_PROJECTION = 999, 1000


def vit_tiny(**options):
    return VisionTransformer(patch_size=16, num_layers=12, num_heads=3, hidden_dim=192, mlp_dim=768, **options)


# what chance does in training is switched off
MODELS = {
    "mobilenet_v3_small": (lambda side: mobilenet_v3_small(num_classes=CLASSES, dropout=0.0), 64),
    "convnext_tiny": (lambda side: convnext_tiny(num_classes=CLASSES, stochastic_depth_prob=0.0), 64),
    "vit_tiny": (lambda side: vit_tiny(image_size=side, num_classes=CLASSES), 64),
}
BATCH = 2


# torch's own gradient of hardsigmoid has 1/6 as a float32 in double precision too: off by 3e-8
nn.Hardsigmoid.forward = lambda self, x: nn.functional.relu6(x + 3) / 6


def fill(model):
    """Every entry by its place in the state dict: weights within sqrt(3 / fan_in), scales and variances around 1. A layer_scale of 1e-6,
    as it starts, would hide the branches."""
    for stream, (name, entry) in enumerate(model.state_dict().items()):
        if name.endswith("num_batches_tracked"):
            continue
        values = uniform(SEED, stream, entry.numel())
        if name.endswith(("layer_scale", "class_token", "pos_embedding")):
            values = 0.5 * values
        elif entry.dim() > 1:
            values = values * np.sqrt(3 / (entry.numel() / entry.shape[0]))
        elif name.endswith("running_var"):
            values = 1 + 0.5 * values
        elif name.endswith("weight"):
            values = 1 + 0.2 * values
        else:
            values = 0.1 * values
        entry.copy_(torch.from_numpy(values).reshape(entry.shape))


def images(side):
    return torch.from_numpy(uniform(SEED, IMAGES_STREAM, BATCH * 3 * side * side)).reshape(BATCH, 3, side, side)


def digest(stream, gradient):
    """Largest, norm, projection on a random direction, first and last."""
    flat = gradient.detach().numpy().ravel()
    along = flat @ uniform(SEED, FIRST_PROJECTION + stream, flat.size)
    return [float(v) for v in (np.abs(flat).max(), np.sqrt((flat**2).sum()), along, flat[0], flat[-1])]


def case(make, side):
    model = make(LOGITS_SIDE).double()
    fill(model)
    logits = model.eval()(images(LOGITS_SIDE)).detach()
    small = make(side).double()
    fill(small)
    labels = torch.tensor([(3 * SEED + 7 * i) % CLASSES for i in range(BATCH)])
    loss = nn.functional.cross_entropy(small.train()(images(side)), labels)
    loss.backward()
    return {
        "side": side,
        "entries": {name: list(entry.shape) for name, entry in model.state_dict().items()},
        "logits": logits.flatten().tolist(),
        "labels": labels.tolist(),
        "loss": loss.item(),
        "gradients": {
            name: digest(stream, parameter.grad) for stream, (name, parameter) in enumerate(small.named_parameters())
        },
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    result = {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "classes": CLASSES,
        "seed": SEED,
        "logitsSide": LOGITS_SIDE,
        "models": {name: case(*row) for name, row in MODELS.items()},
    }
    with open(sys.argv[1], "w") as file:
        json.dump(result, file, separators=(",", ":"))
        file.write("\n")

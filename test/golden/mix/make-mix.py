#!/usr/bin/python3
"""Mixed batches, their labels, losses and gradients from PyTorch 1.13 and torchvision 0.14, and numpy's draws from Beta(a, b).

mixup: x' = λ x + (1 − λ) x[order], y' likewise (Zhang et al. 2018). CutMix: a box of 1 − λ of the area about a point, cut at the border,
comes from x[order]; λ becomes the share of the area that is left (Yun et al. 2019; box and correction as mmpretrain 1.0 and timm have
them). Losses in float64 of float32 inputs. The focal loss over classes is composed from its formula; label smoothing of the binary
losses is timm's: ε/K off the label, 1 − ε + ε/K on it.
Writes mix.json beside itself.
"""
import itertools
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torchvision.ops import sigmoid_focal_loss

here = pathlib.Path(__file__).parent
torch.manual_seed(0)
N, H, W, K = 4, 6, 5, 3


def flat(x):
    return [float(v) for v in x.reshape(-1)]


def box_around(share, y, x):
    side = np.sqrt(1 - share)
    half_height, half_width = int(H * side) // 2, int(W * side) // 2
    top, bottom = np.clip([y - half_height, y + half_height], 0, H)
    left, right = np.clip([x - half_width, x + half_width], 0, W)
    return [int(v) for v in (top, bottom, left, right)]


images = torch.randn(N, 3, H, W)
labels = torch.tensor([0, 2, 1, 2])
mixes, targets = [], []
for share, order, point in [
    (0.3, [2, 0, 3, 1], None),
    (0.7731, [0, 1, 2, 3], None),
    (0.5, [3, 2, 1, 0], (3, 2)),
    (0.11, [1, 2, 3, 0], (0, 4)),
    (0.99, [1, 0, 3, 2], (5, 0)),
]:
    box = None if point is None else box_around(share, *point)
    mixed = share * images + (1 - share) * images[order]
    if box:
        top, bottom, left, right = box
        mixed = images.clone()
        mixed[:, :, top:bottom, left:right] = images[order][:, :, top:bottom, left:right]
        own = 1 - (bottom - top) * (right - left) / (H * W)
    else:
        own = share
    hard = F.one_hot(labels, K).double()
    target = own * hard + (1 - own) * hard[order]
    targets.append(target)
    mixes.append({
        "drawn": share, "point": point, "share": own, "order": order, "box": box,
        "images": flat(mixed.permute(0, 2, 3, 1)), "target": flat(target),
    })

logits = (torch.randn(N, K) * 2).float()
WEIGHT = torch.tensor([0.5, 2.0, 1.25], dtype=torch.float64)


def smooth(target, epsilon):
    return target * (1 - epsilon) + epsilon / K


def cross_entropy(x, target, epsilon, weight, **_):
    return F.cross_entropy(x, target, label_smoothing=epsilon, weight=weight)


def soft(target):
    return F.one_hot(target, K).double() if target.dim() == 1 else target


def focal(x, target, epsilon, weight, gamma, **_):
    log_p = F.log_softmax(x, -1)
    terms = -smooth(soft(target), epsilon) * (1 - log_p.exp()) ** gamma * log_p
    return (terms if weight is None else terms * weight).sum(-1).mean()


def sigmoid_focal(x, target, epsilon, weight, gamma, alpha):
    each = sigmoid_focal_loss(x, smooth(soft(target), epsilon), alpha=alpha, gamma=gamma)
    return (each if weight is None else each * weight).mean()


def bce(x, target, epsilon, weight, **_):
    return F.binary_cross_entropy_with_logits(x, smooth(soft(target), epsilon), weight=weight)


losses = []
kinds = {"cross-entropy": cross_entropy, "focal": focal, "sigmoid-focal": sigmoid_focal, "bce": bce}
for (kind, loss), (index, target), epsilon, weight, (gamma, alpha) in itertools.product(
    kinds.items(), [(None, labels), (0, targets[0]), (3, targets[3])], (0.0, 0.1), (None, WEIGHT), ((2, 0.25), (1.5, 0.6))
):
    if kind in ("cross-entropy", "bce") and gamma != 2:
        continue
    x = logits.double().requires_grad_()
    value = loss(x, target, epsilon, weight, gamma=gamma, alpha=alpha)
    value.backward()
    choice = {"kind": kind, "labelSmoothing": epsilon, "mode": "original"}
    if kind in ("focal", "sigmoid-focal"):
        choice["gamma"] = gamma
    if kind == "sigmoid-focal":
        choice["alpha"] = alpha
    losses.append({
        "choice": choice, "mix": index, "isWeighted": weight is not None, "loss": float(value), "gradient": flat(x.grad),
    })

betas = []
for a, b, seed in itertools.product((0.1, 0.2, 0.8, 1.0, 1.5, 8.0), (0.2, 1.0, 3.0), (0, 7)):
    np.random.seed(seed)
    betas.append([a, b, seed, [float(np.random.beta(a, b)) for _ in range(5)]])
tiny = []
np.random.seed(3)
tiny = [float(np.random.beta(1e-3, 1e-3)) for _ in range(40)]

golden = {
    "shape": [N, H, W, 3], "classes": K, "images": flat(images.permute(0, 2, 3, 1)), "labels": labels.tolist(),
    "mixes": mixes, "logits": flat(logits), "weight": flat(WEIGHT), "losses": losses, "betas": betas, "tiny": tiny,
}
rows = json.dumps(golden, separators=(",", ":")).replace("},{", "},\n{").replace("]],[", "]],\n[")
(here / "mix.json").write_text(rows + "\n")
print(len(losses), "losses", len(betas), "draws")

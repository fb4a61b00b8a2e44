"""
How far gradients of MobileOne S0's training form are from float64 under PyTorch's autocast to bfloat16 on the processor: one step at random
weights, cross-entropy with label smoothing, batch statistics. test/gpu/half-gradients.test.ts holds float16 on a device against it.
Usage: python3 test/golden/precision/make-precision.py
"""
import copy
import json
import math
import os

import torch
from torch import nn

BATCH, SIDE, CLASSES, SEEDS = 8, 32, 10, 4
torch.set_num_threads(1)


class Block(nn.Module):
    def __init__(self, cin, cout, kernel, stride, groups):
        super().__init__()

        def branch(k):
            pad = (k - 1) // 2
            return nn.Sequential(nn.Conv2d(cin, cout, k, stride, pad, groups=groups, bias=False), nn.BatchNorm2d(cout))

        self.branches = nn.ModuleList([branch(kernel) for _ in range(4)])
        if kernel > 1:
            self.branches.append(branch(1))
        if cin == cout and stride == 1:
            self.branches.append(nn.BatchNorm2d(cout))

    def forward(self, x):
        return torch.relu(sum(branch(x) for branch in self.branches))


def model():
    blocks, cin = [Block(3, 48, 3, 2, 1)], 48
    for units, cout in ((2, 48), (8, 128), (10, 256), (1, 1024)):
        for i in range(units):
            blocks += [Block(cin, cin, 3, 2 if i == 0 else 1, cin), Block(cin, cout, 1, 1, 1)]
            cin = cout
    net = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(cin, CLASSES))
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            k = layer.kernel_size
            nn.init.normal_(layer.weight, std=math.sqrt(2 / (k[0] * k[1] * layer.out_channels)))
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)
    return net.train()


def gradients(net, x, labels, half=False):
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        logits = net(x)
    loss = nn.functional.cross_entropy(logits.to(torch.float32 if half else x.dtype), labels, label_smoothing=0.1)
    loss.backward()
    return torch.cat([p.grad.double().flatten() for p in net.parameters()])


errors = []
for seed in range(SEEDS):
    torch.manual_seed(seed)
    net = model()
    x, labels = torch.randn(BATCH, 3, SIDE, SIDE), torch.arange(BATCH) % CLASSES
    exact = gradients(copy.deepcopy(net).double(), x.double(), labels)
    half = gradients(copy.deepcopy(net), x, labels, half=True)
    errors.append(((half - exact).norm() / exact.norm()).item())
print(errors)
with open(os.path.join(os.path.dirname(__file__), "precision.json"), "w") as file:
    fields = {"torch": torch.__version__, "batch": BATCH, "side": SIDE, "classes": CLASSES, "errors": errors}
    json.dump(fields, file, indent=1)
    file.write("\n")

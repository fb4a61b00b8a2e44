"""S0's training step in PyTorch on a CUDA card, one of its ways a process: step_torch.py WORK WAY.

A player (bench/player.ts): {"ready"} or {"skip"}, then "step" answered by {"ms"}, "end" by a summary. The step is what
tensorone's does: bytes to normalised numbers on the card, forward, backward, SGD, moving average, the loss read.
Ways: eager, channels_last, autocast (channels_last, bfloat16), compile (autocast, torch.compile).
"""
import json
import os
import sys

import torch
from torch import nn

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mobileone_torch import mobileone, play, say  # noqa: E402

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
EMA_MOMENTUM = 5e-4


def step_of(work, way, device):
    layout = torch.contiguous_format if way == "eager" else torch.channels_last
    model = mobileone(work["model"]).to(device, memory_format=layout).train()
    average = [value.detach().clone() for value in model.parameters()]
    parameters = list(model.parameters())
    optimizer = torch.optim.SGD(parameters, lr=1e-3, momentum=0.9, weight_decay=1e-4, nesterov=False)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    forward = torch.compile(model) if way == "compile" else model
    side = work["imageSize"]
    pixels = torch.randint(0, 256, (work["batch"], side, side, 3), dtype=torch.uint8)
    if device == "cuda":
        pixels = pixels.pin_memory()
    labels = (torch.arange(work["batch"]) * 389 % 1000).to(device)
    mean, std = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (MEAN, STD))
    kind = "cuda" if device == "cuda" else "cpu"

    def step():
        images = pixels.to(device, non_blocking=True).permute(0, 3, 1, 2).float().sub(mean).div(std)
        images = images.contiguous(memory_format=layout)
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(kind, dtype=torch.bfloat16, enabled=way in ("autocast", "compile")):
            loss = criterion(forward(images), labels)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            torch._foreach_mul_(average, 1 - EMA_MOMENTUM)
            torch._foreach_add_(average, parameters, alpha=EMA_MOMENTUM)
        return loss.item()

    return step


def main():
    work, way = json.loads(sys.argv[1]), sys.argv[2]
    device = os.environ.get("TORCH_DEVICE", "cuda")
    if way == "compile" and not hasattr(torch, "compile"):
        say(skip=f"PyTorch {torch.__version__} has no torch.compile")
        return
    torch.manual_seed(0)
    # shapes stay the same: cuDNN may look for its fastest kernels
    torch.backends.cudnn.benchmark = True
    step = step_of(work, way, device)
    play(step)


if __name__ == "__main__":
    main()

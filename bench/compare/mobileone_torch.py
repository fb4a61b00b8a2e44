"""Training forms in PyTorch (MobileOne's; RepVGG-A0, ResNet-18 by name) and a player around them (see bench/measure/player.ts for
the language it speaks).

With a file name after the work it writes the deploy form there as ONNX instead of playing.

Written for this comparison from the paper (Vasu et al. 2023, figure 3 and tables 2, 3): a plain nn.Module in PyTorch's default
NCHW layout, SGD with momentum, label smoothing 0.1, float32. Work like a moving average of the weights and normalising
pixels, which our own step also does, is left out here: PyTorch gets the benefit.
"""
import json
import resource
import sys
import time
from pathlib import Path


def say(**answer):
    print(json.dumps(answer), flush=True)


try:
    import torch
    from torch import nn
except ImportError:
    say(skip="python3 has no torch; on Debian: apt-get install python3-torch")
    sys.exit(0)


def play(step, **more):
    """Answers "step" with its milliseconds until "end"; `more` goes into the first line and into the summary."""
    say(ready=True, **more)
    for line in sys.stdin:
        if line.strip() == "end":
            break
        start = time.perf_counter()
        step()
        say(ms=1000 * (time.perf_counter() - start))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    say(peakResidentBytes=peak, version=torch.__version__, **more)


BASE_WIDTHS, UNITS = (64, 128, 256, 512), (2, 8, 10, 1)
NOWHERE = (0, 0, 0, 0)
# widths, branches, and the units of each stage, counted from its end, with squeeze-and-excitation
VARIANTS = {
    "mobileone_s0": ((0.75, 1, 1, 2), 4, NOWHERE),
    "mobileone_s1": ((1.5, 1.5, 2, 2.5), 1, NOWHERE),
    "mobileone_s2": ((1.5, 2, 2.5, 4), 1, NOWHERE),
    "mobileone_s3": ((2, 2.5, 3, 4), 1, NOWHERE),
    "mobileone_s4": ((3, 3.5, 3.5, 4), 1, (0, 0, 5, 1)),
}
SQUEEZE_RATIO = 16


def conv_norm(c_in, c_out, size, stride, groups):
    conv = nn.Conv2d(c_in, c_out, size, stride, size // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(c_out))


class SqueezeExcite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.down = nn.Conv2d(channels, channels // SQUEEZE_RATIO, 1)
        self.up = nn.Conv2d(channels // SQUEEZE_RATIO, channels, 1)

    def forward(self, x):
        gate = self.up(torch.relu(self.down(x.mean((2, 3), keepdim=True))))
        return x * torch.sigmoid(gate)


def excited(channels, is_excited):
    return SqueezeExcite(channels) if is_excited else nn.Identity()


class Block(nn.Module):
    """relu(excite(skip(x) + scale(x) + sum of convs(x)))"""

    def __init__(self, c_in, c_out, size, stride, groups, branches, is_excited=False):
        super().__init__()
        parts = [conv_norm(c_in, c_out, size, stride, groups) for _ in range(branches)]
        if size > 1:
            parts.insert(0, conv_norm(c_in, c_out, 1, stride, groups))
        if c_in == c_out and stride == 1:
            parts.insert(0, nn.BatchNorm2d(c_in))
        self.branches = nn.ModuleList(parts)
        self.excite = excited(c_out, is_excited)

    def forward(self, x):
        total = self.branches[0](x)
        for branch in self.branches[1:]:
            total = total + branch(x)
        return torch.relu(self.excite(total))


def mobileone(name, classes=1000):
    widths, branches, excitations = VARIANTS[name]
    channels = min(64, int(64 * widths[0]))
    blocks = [Block(3, channels, 3, 2, 1, 1)]
    for base, width, units, excitation in zip(BASE_WIDTHS, widths, UNITS, excitations):
        for unit in range(units):
            is_excited = unit >= units - excitation
            blocks.append(Block(channels, channels, 3, 2 if unit == 0 else 1, channels, branches, is_excited))
            blocks.append(Block(channels, int(base * width), 1, 1, 1, branches, is_excited))
            channels = int(base * width)
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def deployed(name, classes=1000):
    """One convolution with bias per block; how fast it is does not depend on its weights."""
    widths, _, excitations = VARIANTS[name]
    channels = min(64, int(64 * widths[0]))
    layers = [nn.Conv2d(3, channels, 3, 2, 1), nn.ReLU()]
    for base, width, units, excitation in zip(BASE_WIDTHS, widths, UNITS, excitations):
        for unit in range(units):
            is_excited = unit >= units - excitation
            depthwise = nn.Conv2d(channels, channels, 3, 2 if unit == 0 else 1, 1, groups=channels)
            layers += [depthwise, excited(channels, is_excited), nn.ReLU()]
            pointwise = nn.Conv2d(channels, int(base * width), 1)
            channels = int(base * width)
            layers += [pointwise, excited(channels, is_excited), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)).eval()


def inference_step(work):
    model = deployed(work["model"])
    images = torch.rand(work["batch"], 3, work["imageSize"], work["imageSize"]) + 0.5

    def step():
        with torch.inference_mode():
            return model(images).numpy()

    return step, sum(p.numel() for p in model.parameters())


def export(work, path):
    images = torch.rand(work["batch"], 3, work["imageSize"], work["imageSize"])
    torch.onnx.export(deployed(work["model"]), images, path, input_names=["images"], opset_version=13)


def family(name):
    """RepVGG and ResNet as the fixtures of test/golden/families have them; None for a name of neither."""
    sys.path.append(str(Path(__file__).resolve().parents[2] / "test" / "golden" / "families"))
    try:
        from networks import MODELS
    except ImportError:
        return None
    return MODELS.get(name)


def training_step(work):
    name = work["model"]
    model = mobileone(name) if name in VARIANTS else family(name)(1000)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    images = torch.randn(work["batch"], 3, work["imageSize"], work["imageSize"])
    labels = torch.arange(work["batch"]) * 389 % 1000

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    parameters = sum(p.numel() for p in model.parameters())
    return step, parameters


def main():
    work = json.loads(sys.argv[1])
    knows = work["model"] in VARIANTS or (work["form"] == "train" and family(work["model"]))
    if not knows:
        say(skip=f"mobileone_torch.py knows no {work['model']}")
        return
    torch.manual_seed(0)
    torch.set_num_threads(work["threads"])
    if len(sys.argv) > 2:
        export(work, sys.argv[2])
        say(ready=True)
        return
    step, parameters = training_step(work) if work["form"] == "train" else inference_step(work)
    play(step, parameters=parameters)


if __name__ == "__main__":
    main()

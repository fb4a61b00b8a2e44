"""RepVGG in plain torch.nn, after the paper (Ding et al. 2021) and with the entries' names of DingXiaoH/RepVGG; ResNet-18 is
torchvision's."""

import torch
import torchvision
from torch import nn


class Block(nn.Module):
    def __init__(self, c_in, c_out, stride, deploy=False):
        super().__init__()
        self.deploy = deploy
        if deploy:
            self.rbr_reparam = nn.Conv2d(c_in, c_out, 3, stride, 1)
            return
        self.rbr_identity = nn.BatchNorm2d(c_in) if c_in == c_out and stride == 1 else None
        self.rbr_dense = self.branch(c_in, c_out, 3, stride)
        self.rbr_1x1 = self.branch(c_in, c_out, 1, stride)

    @staticmethod
    def branch(c_in, c_out, kernel, stride):
        branch = nn.Sequential()
        branch.add_module("conv", nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False))
        branch.add_module("bn", nn.BatchNorm2d(c_out))
        return branch

    def forward(self, x):
        if self.deploy:
            return torch.relu(self.rbr_reparam(x))
        y = self.rbr_dense(x) + self.rbr_1x1(x)
        return torch.relu(y if self.rbr_identity is None else y + self.rbr_identity(x))


class RepVGG(nn.Module):
    def __init__(self, units, widths, classes, deploy=False):
        super().__init__()
        channels = min(64, int(64 * widths[0]))
        self.stage0 = Block(3, channels, 2, deploy)
        for stage, (count, factor) in enumerate(zip(units, widths)):
            width = int(64 * 2**stage * factor)
            blocks = []
            for unit in range(count):
                blocks.append(Block(channels, width, 2 if unit == 0 else 1, deploy))
                channels = width
            self.add_module(f"stage{stage + 1}", nn.Sequential(*blocks))
        self.linear = nn.Linear(channels, classes)

    def forward(self, x):
        for stage in range(5):
            x = getattr(self, f"stage{stage}")(x)
        return self.linear(x.mean((2, 3)))


MODELS = {
    "repvgg_a0": lambda classes, deploy=False: RepVGG([2, 4, 14, 1], [0.75, 0.75, 0.75, 2.5], classes, deploy),
    "resnet18": lambda classes, deploy=False: torchvision.models.resnet18(num_classes=classes),
}

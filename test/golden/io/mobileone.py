"""MobileOne in PyTorch with the names of Apple, mmpretrain or timm: the oracle for key maps and logits.

Written from the paper (Vasu et al. 2023, figure 3, tables 2 and 3) and from the list of names; it shares no code with src/.
Modules are added under dotted names, so that state_dict() has the names of the tool in the tool's own order.
"""
import torch
from torch import nn

BASE_WIDTHS = (64, 128, 256, 512)
# widths, branches, units, squeeze-and-excitation units counted from the end of each stage
VARIANTS = {
    "mobileone_s0": ((0.75, 1, 1, 2), 4, (2, 8, 10, 1), (0, 0, 0, 0)),
    "mobileone_s1": ((1.5, 1.5, 2, 2.5), 1, (2, 8, 10, 1), (0, 0, 0, 0)),
    "mobileone_s4": ((3, 3.5, 3.5, 4), 1, (2, 8, 10, 1), (0, 0, 5, 1)),
    "tiny": ((0.125, 0.125, 0.0625, 0.0625), 2, (1, 1, 1, 1), (0, 0, 0, 1)),
}
NAMES = {
    "mmpretrain": {
        "order": ("se", "skip", "scale", "convs"), "stem": "backbone.stage0", "stage": "backbone.stage{s}.{j}",
        "conv": "branch_conv_list.{i}", "scale": "branch_scale", "skip": "branch_norm", "norm": "norm",
        "se": ("se.conv1.conv", "se.conv2.conv"), "fused": "branch_reparam", "head": "head.fc",
    },
    "apple": {
        "order": ("se", "skip", "convs", "scale"), "stem": "stage0", "stage": "stage{s}.{j}",
        "conv": "rbr_conv.{i}", "scale": "rbr_scale", "skip": "rbr_skip", "norm": "bn",
        "se": ("se.reduce", "se.expand"), "fused": "reparam_conv", "head": "linear",
    },
    "timm": {
        "order": ("skip", "convs", "scale", "se"), "stem": "stem", "stage": "stages.{s0}.{j}",
        "conv": "conv_kxk.{i}", "scale": "conv_scale", "skip": "identity", "norm": "bn",
        "se": ("attn.fc1", "attn.fc2"), "fused": "reparam_conv", "head": "head.fc",
    },
}


def place(root, path, module):
    """root.a.b.c = module, with empty modules on the way."""
    *parents, last = path.split(".")
    for name in parents:
        if name not in root._modules:
            root.add_module(name, nn.Module())
        root = root._modules[name]
    root.add_module(last, module)
    return module


class Block(nn.Module):
    def __init__(self, names, c_in, c_out, size, stride, groups, branches, squeezed, deploy):
        super().__init__()
        # a dictionary, so that modules are registered by `place` alone and under no other name
        self.plan = {"skip": None, "scale": None, "se": None, "fused": None, "convs": []}
        plan, add = self.plan, lambda path, module: place(self, path, module)

        def conv_norm(path, kernel):
            conv = nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False)
            return add(path + ".conv", conv), add(path + "." + names["norm"], nn.BatchNorm2d(c_out))

        for part in names["order"]:
            if part == "se" and squeezed:
                inner = max(8, c_out // 16)
                plan["se"] = (
                    add(names["se"][0], nn.Conv2d(c_out, inner, 1)),
                    add(names["se"][1], nn.Conv2d(inner, c_out, 1)),
                )
            elif deploy:
                continue
            elif part == "skip" and c_in == c_out and stride == 1:
                plan["skip"] = add(names["skip"], nn.BatchNorm2d(c_in))
            elif part == "scale" and size > 1:
                plan["scale"] = conv_norm(names["scale"], 1)
            elif part == "convs":
                plan["convs"] = [conv_norm(names["conv"].format(i=i), size) for i in range(branches)]
        if deploy:
            plan["fused"] = add(names["fused"], nn.Conv2d(c_in, c_out, size, stride, size // 2, groups=groups))

    def forward(self, x):
        plan = self.plan
        if plan["fused"] is not None:
            z = plan["fused"](x)
        else:
            z = 0 if plan["skip"] is None else plan["skip"](x)
            for conv, norm in ([plan["scale"]] if plan["scale"] else []) + plan["convs"]:
                z = z + norm(conv(x))
        if plan["se"]:
            squeeze, excite = plan["se"]
            z = z * torch.sigmoid(excite(torch.relu(squeeze(z.mean((2, 3), keepdim=True)))))
        return torch.relu(z)


class MobileOne(nn.Module):
    def __init__(self, variant, style, classes=1000, deploy=False):
        super().__init__()
        names = NAMES[style]
        widths, branches, units, excited = VARIANTS[variant]
        self.order = []

        def block(path, *args):
            self.order.append(path)
            place(self, path, Block(names, *args, deploy))

        channels = min(64, int(64 * widths[0]))
        block(names["stem"], 3, channels, 3, 2, 1, 1, False)
        for stage, (base, width, count, squeezed) in enumerate(zip(BASE_WIDTHS, widths, units, excited)):
            c_out = int(base * width)
            for unit in range(count):
                path = lambda j: names["stage"].format(s=stage + 1, s0=stage, j=j)
                se = unit >= count - squeezed
                block(path(2 * unit), channels, channels, 3, 2 if unit == 0 else 1, channels, branches, se)
                block(path(2 * unit + 1), channels, c_out, 1, 1, 1, branches, se)
                channels = c_out
        self.head_path = names["head"]
        place(self, names["head"], nn.Linear(channels, classes))

    def forward(self, x):
        for path in self.order:
            x = self.get_submodule(path)(x)
        return self.get_submodule(self.head_path)(x.mean((2, 3)))


def randomized(model, seed):
    """Batch norms as training leaves them, weights of a size that keeps activations near 1."""
    generator = torch.Generator().manual_seed(seed)
    uniform = lambda like, low, high: low + (high - low) * torch.rand(like.shape, generator=generator)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.copy_(uniform(module.weight, 0.5, 1.5))
                module.bias.copy_(uniform(module.bias, -0.3, 0.3))
                module.running_mean.copy_(uniform(module.running_mean, -0.2, 0.2))
                module.running_var.copy_(uniform(module.running_var, 0.4, 2.0))
                module.num_batches_tracked.fill_(7)
            elif isinstance(module, (nn.Conv2d, nn.Linear)):
                fan_in = module.weight[0].numel()
                module.weight.copy_(torch.randn(module.weight.shape, generator=generator) / fan_in**0.5)
                if module.bias is not None:
                    module.bias.copy_(uniform(module.bias, -0.1, 0.1))
    return model.eval()


def picture(side):
    """[1, 3, side, side] of values that a test computes without a file: sin(0.37 n) in NCHW order."""
    n = torch.arange(3 * side * side, dtype=torch.float64)
    return torch.sin(0.37 * n).float().reshape(1, 3, side, side)

#!/usr/bin/env python3
"""
Writes windows.json: convolutions and pools of torch.nn.functional with their options, values and gradients in float64, on
awkward sizes. Made with PyTorch 1.13.0 (Debian 12) on x86-64.

Operands are not in the file: number k of the hash in `uniform` is the same double in any language (windows.test.ts). Tensors
have the engine's layouts: [N, H, W, C] and [KH, KW, Cin/groups, Cout]. Every output is given the gradient of seed 9.
"""
import json
import os

import torch
import torch.nn.functional as F


def uniform(k):
    """-1 to 1."""
    return ((k * 2654435761) % 2**32) / 2**31 - 1


def values(seed, shape, levels=None):
    """`levels`: so many different numbers, so that windows hold ties."""
    size = 1
    for dim in shape:
        size *= dim
    numbers = [uniform(100_003 * seed + i + 1) for i in range(size)]
    if levels:
        numbers = [int((v + 1) * levels / 2) / 4 - 1 for v in numbers]
    return torch.tensor(numbers, dtype=torch.float64).reshape(shape)


def to_file(x):
    """Channels last to channels first."""
    return x.permute(0, x.dim() - 1, *range(1, x.dim() - 1))


def from_file(x):
    return x.permute(0, *range(2, x.dim()), 1)


def weight_to_file(w):
    """[...K, in, out] to [out, in, ...K]."""
    k = w.dim() - 2
    return w.permute(k + 1, k, *range(k))


def flat(x):
    return None if x is None else x.contiguous().reshape(-1).tolist()


cases = []


def case(name, fn, shapes, args, levels=None):
    """`fn` takes and gives tensors in the engine's layouts; its second output, if any, has no gradient."""
    xs = [values(i + 1, shape, levels).requires_grad_() for i, shape in enumerate(shapes)]
    y = fn(*xs)
    places = None
    if isinstance(y, tuple):
        y, places = y
    gradients = torch.autograd.grad(y, xs, values(9, y.shape))
    row = {"fn": name, "shapes": shapes, "args": args, "shape": list(y.shape), "y": flat(y)}
    if levels:
        row["levels"] = levels
    if places is not None:
        row["indices"] = flat(places)
    cases.append({**row, "gradients": [flat(g) for g in gradients]})


def conv(name, fn, x, w, has_bias, options, torch_options):
    channels = w[-2] * options.get("groups", 1) if "Transpose" in name else w[-1]
    shapes = [x, w] + ([[channels]] if has_bias else [])
    run = lambda u, v, b=None: from_file(fn(to_file(u), weight_to_file(v), b, **torch_options))
    case(name, run, shapes, {**options, "hasBias": has_bias})


# ---- convolutions ------------------------------------------------------------------------------------------------------

for x, w, options in [
    ([2, 4, 5, 3], [3, 3, 2, 3], {}),
    ([1, 4, 3, 4], [2, 2, 5, 4], {"stride": 2}),
    ([2, 3, 4, 4], [3, 2, 3, 4], {"stride": [2, 3], "padding": [1, 0], "outputPadding": [1, 2]}),
    ([1, 3, 4, 4], [3, 3, 1, 4], {"stride": 2, "padding": 1, "outputPadding": 1, "groups": 4}),
    ([1, 4, 3, 6], [3, 3, 2, 6], {"stride": 2, "padding": 2, "dilation": 2, "groups": 2}),
    ([1, 3, 3, 2], [2, 3, 1, 2], {"dilation": [3, 2], "outputPadding": [2, 1], "padding": 1}),
    ([1, 1, 1, 5], [1, 1, 3, 5], {"stride": 3, "outputPadding": 2}),
    ([1, 4, 4, 2], [4, 4, 3, 2], {"stride": 2, "padding": 1}),
]:
    names = {"outputPadding": "output_padding"}
    torch_options = {names.get(k, k): v for k, v in options.items()}
    conv("convTranspose2d", F.conv_transpose2d, x, w, "groups" in options, options, torch_options)

for x, w, options in [
    ([2, 6, 3], [3, 2, 3], {}),
    ([1, 5, 4], [4, 3, 4], {"stride": 3, "padding": 1, "outputPadding": 2}),
    ([1, 5, 4], [3, 1, 4], {"stride": 2, "groups": 4, "dilation": 2}),
]:
    names = {"outputPadding": "output_padding"}
    conv("convTranspose1d", F.conv_transpose1d, x, w, True, options, {names.get(k, k): v for k, v in options.items()})

for x, w, options in [
    ([2, 9, 3], [3, 3, 4], {}),
    ([2, 9, 4], [4, 2, 6], {"stride": 2, "padding": 2, "groups": 2}),
    ([1, 8, 3], [3, 1, 3], {"dilation": 2, "groups": 3, "padding": "same"}),
    ([1, 8, 3], [4, 3, 2], {"padding": "same"}),
    ([1, 8, 3], [4, 3, 2], {"padding": "valid"}),
]:
    conv("conv1d", F.conv1d, x, w, "groups" in options, options, options)

for x, w, options in [
    ([1, 6, 5, 3], [3, 4, 3, 4], {"padding": "same"}),
    ([2, 5, 6, 4], [2, 3, 1, 4], {"padding": "same", "dilation": [3, 1], "groups": 4}),
    ([1, 5, 6, 4], [2, 2, 2, 6], {"padding": "same", "groups": 2}),
    ([1, 5, 6, 2], [2, 2, 2, 3], {"padding": "valid"}),
]:
    conv("conv2d", F.conv2d, x, w, "groups" in options, options, options)

# PyTorch pads unequal sides beforehand; "sameUpper" and "sameLower" are ONNX's, worked out by hand
for sides, options in [
    ((1, 0, 2, 1), {"padding": [[1, 0], [2, 1]]}),
    ((0, 2, 0, 0), {"padding": [[0, 2], [0, 0]], "stride": 2}),
    ((0, 1, 1, 1), {"padding": "sameUpper", "stride": 2}),
    ((1, 0, 1, 1), {"padding": "sameLower", "stride": 2}),
]:
    top, bottom, left, right = sides
    stride = options.get("stride", 1)
    padded = lambda u, w, b, s=stride, p=(left, right, top, bottom): F.conv2d(F.pad(u, p), w, b, stride=s)
    conv("conv2d", padded, [1, 6, 5, 3], [3, 3, 3, 2], True, options, {})

# ---- pools -------------------------------------------------------------------------------------------------------------

NAMES = {
    "ceilMode": "ceil_mode",
    "countIncludePad": "count_include_pad",
    "divisorOverride": "divisor_override",
    "returnIndices": "return_indices",
}


def pool(name, fn, x, kernel, options, levels=None):
    torch_options = {NAMES.get(k, k): v for k, v in options.items()}

    def run(u):
        y = fn(to_file(u), kernel, **torch_options)
        return (from_file(y[0]), from_file(y[1])) if isinstance(y, tuple) else from_file(y)

    case(name, run, [x], {"kernelSize": kernel, **options}, levels)


AVERAGES = [
    ([2, 7, 6, 3], 2, {}),
    ([2, 7, 6, 3], 3, {"stride": 2, "padding": 1}),
    ([2, 7, 6, 3], 3, {"stride": 2, "padding": 1, "countIncludePad": False}),
    ([1, 7, 6, 5], [3, 2], {"stride": [2, 3], "ceilMode": True}),
    ([1, 7, 6, 5], [3, 2], {"stride": [3, 3], "padding": [1, 1], "ceilMode": True}),
    ([1, 6, 8, 2], 3, {"stride": 2, "padding": 1, "ceilMode": True, "countIncludePad": False}),
    ([1, 6, 8, 2], [2, 4], {"stride": 3, "padding": [1, 2], "ceilMode": True}),
    ([1, 5, 5, 2], 3, {"stride": 2, "divisorOverride": 7}),
    ([1, 5, 5, 2], 3, {"stride": 2, "padding": 1, "ceilMode": True, "divisorOverride": 2}),
    ([1, 2, 2, 1], 2, {"stride": 2, "padding": 1, "ceilMode": True}),
]
for x, kernel, options in AVERAGES:
    pool("avgPool2d", F.avg_pool2d, x, kernel, options)

for x, kernel, options in [
    ([2, 7, 6, 3], 2, {}),
    ([2, 7, 6, 3], 3, {"stride": 2, "padding": 1}),
    ([1, 7, 6, 5], [3, 2], {"stride": [2, 3], "ceilMode": True}),
    ([1, 6, 8, 2], 2, {"stride": 3, "padding": 1, "ceilMode": True}),
    ([1, 7, 8, 3], [3, 2], {"stride": 1, "padding": [1, 1], "dilation": [2, 3]}),
    ([1, 7, 8, 3], 3, {"stride": 2, "padding": 1, "dilation": 2, "ceilMode": True}),
    ([1, 3, 4, 2], [3, 4], {}),
]:
    for levels in (None, 5):
        pool("maxPool2d", F.max_pool2d, x, kernel, {**options, "returnIndices": True}, levels)

for x, kernel, options in [
    ([2, 6, 4, 1], 2, {}),
    ([1, 7, 6, 2], 3, {"stride": 2, "outputSize": [7, 6]}),
    ([1, 7, 7, 2], 3, {"stride": 2, "padding": 1}),
    ([1, 7, 7, 2], 2, {"stride": 2, "outputSize": [7, 7]}),
]:
    def unpooled(u, k=kernel, o=options):
        window = {name: o[name] for name in ("stride", "padding") if name in o}
        y, places = F.max_pool2d(to_file(u), k, return_indices=True, **window)
        return from_file(F.max_unpool2d(y, places, k, **window, output_size=o.get("outputSize")))

    case("maxUnpool2d", unpooled, [x], {"kernelSize": kernel, **options})

for mode in ("reflect", "replicate", "circular"):
    for padding, stride in [([1, 2], 1), ("same", 1), (2, 2)]:
        layer = torch.nn.Conv2d(2, 3, [3, 2], padding=padding, stride=stride, padding_mode=mode, dtype=torch.float64)

        def padded_conv(u, v, b, layer=layer):
            return from_file(layer._conv_forward(to_file(u), weight_to_file(v), b))

        case("Conv2d", padded_conv, [[1, 6, 5, 2], [3, 2, 2, 3], [3]], {"padding": padding, "stride": stride, "paddingMode": mode})

for kernel, options in [(2, {}), (3, {"stride": 2, "padding": 1}), (3, {"stride": 2, "ceilMode": True})]:
    pool("maxPool1d", F.max_pool1d, [2, 8, 3], kernel, options)
    pool("avgPool1d", F.avg_pool1d, [2, 8, 3], kernel, options)
pool("maxPool1d", F.max_pool1d, [2, 8, 3], 3, {"stride": 1, "dilation": 2})
pool("avgPool1d", F.avg_pool1d, [2, 8, 3], 3, {"stride": 2, "padding": 1, "countIncludePad": False})

for x, size in [
    ([1, 7, 10, 3], 1),
    ([1, 7, 10, 3], [3, 5]),
    ([1, 13, 10, 2], 7),
    ([1, 8, 6, 2], [4, 2]),
    ([1, 5, 3, 2], 7),
    ([1, 5, 3, 2], [None, 2]),
    ([1, 6, 6, 1], [6, 4]),
]:
    for name, fn in [("adaptiveAvgPool2d", F.adaptive_avg_pool2d), ("adaptiveMaxPool2d", F.adaptive_max_pool2d)]:
        for levels in (None, 3) if name == "adaptiveMaxPool2d" else (None,):
            run = lambda u, fn=fn, size=size: from_file(fn(to_file(u), size))
            case(name, run, [x], {"outputSize": size}, levels)

for x, p, kernel, options in [
    ([1, 6, 5, 3], 2, 2, {}),
    ([1, 6, 5, 3], 3, [3, 2], {"stride": 2}),
    ([1, 6, 5, 3], 1, 2, {"ceilMode": True}),
    ([1, 7, 5, 2], 2, 3, {"stride": 2, "ceilMode": True}),
]:
    torch_options = {NAMES.get(k, k): v for k, v in options.items()}
    run = lambda u, p=p, k=kernel, o=torch_options: from_file(F.lp_pool2d(to_file(u).abs(), float(p), k, **o))
    case("lpPool2d", run, [x], {"normType": p, "kernelSize": kernel, **options})

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "windows.json")
with open(path, "w") as file:
    file.write('{"torch":"1.13.0",\n"cases":[\n')
    file.write(",\n".join(json.dumps(one, separators=(",", ":")) for one in cases))
    file.write("\n]}\n")
print(len(cases), "cases,", os.path.getsize(path), "bytes")

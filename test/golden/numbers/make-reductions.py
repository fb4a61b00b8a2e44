#!/usr/bin/env python3
"""
Writes reductions.json: what PyTorch answers to reductions, running sums and products, sorting and counting, over axes and
options, values and gradients. Made with PyTorch 1.13.0 (Debian 12) on x86-64.

A row is [function, input, arguments as those of tensorone's function, outputs, gradient of the input or null]. The gradient is
that of the sum over all float outputs of output · weight; weight i is (i mod 7 - 3) / 4 + 1/8. Float32 rows are computed in
float64 from float32 numbers. NaN, infinities and -0 are strings.
An array is [dtype, shape, number of its list].
"""
import json
import math
import os
import random

import torch

INF, NAN = math.inf, math.nan
random.seed(17)


def normal(*shape):
    size = math.prod(shape)
    return torch.tensor([round(random.gauss(0, 1), 3) for _ in range(size)], dtype=torch.float64).reshape(shape)


def given(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


zeros = normal(2, 3, 4)
zeros[0, 0, 1] = zeros[0, 1, 1] = zeros[1, 2, 0] = 0
zeros[1, 0] = 0
# [name, tensor, whether PyTorch's gradient is asked for]
INPUTS = {
    "plain": normal(2, 3, 4),
    "zeros": zeros,
    "line": normal(7),
    "one": normal(1),
    "scalar": normal(),
    "thin": normal(3, 1, 5),
    "long": normal(2, 19),
    "nothing": torch.zeros(0, dtype=torch.float64),
    "hollow": torch.zeros(2, 0, 3, dtype=torch.float64),
    "odd": given([[1, NAN, 2, -1, NAN], [INF, 1, -INF, 0, 2], [INF, INF, -1, 3, 0.5], [-INF] * 5, [-INF, 0, 1, -INF, 2],
                  [NAN, INF, -INF, 0, -0.0]]),
    "ties": given([[1, 3, 3, 0, 1], [0, 0, 0, 0, 0], [-2, -2, 5, 5, 5]]),
    "huge": given([[1e300, -1e300, 3], [1000, 1001, 999.5], [-1000, -1001, -2000]]),
    "far": normal(2, 4) * 1e-3 + 1e4,
    "single": (normal(2, 17) + torch.arange(34).reshape(2, 17) * 2**-14).to(torch.float32),
    "integers": given([[[3, 0, -7], [2, 2, -1]], [[5, -4, 9], [0, 0, 1]]], torch.int32),
    "flags": given([[True, False, True], [False, False, False], [True, True, True]], torch.bool),
    "bytes": given([[200, 100, 3, 3, 0], [0, 0, 0, 0, 255]], torch.uint8),
}
NAMES = {torch.float64: "float64", torch.float32: "float32", torch.int32: "int32", torch.uint8: "uint8", torch.int64: "int32",
         torch.bool: "bool"}


def encode(v):
    if isinstance(v, (bool, int)):
        return int(v)
    if math.isnan(v):
        return "NaN"
    if math.isinf(v):
        return "Infinity" if v > 0 else "-Infinity"
    if v == 0 and math.copysign(1, v) < 0:
        return "-0"
    return int(v) if v == int(v) and abs(v) < 1e15 else float("%.16g" % v) if float("%.16g" % v) == v else v


def array(x, dtype):
    return [dtype, list(x.shape), named([encode(v) for v in x.detach().reshape(-1).tolist()])]


lists = {}


def named(values):
    """A list's number in the table of lists: many rows share one."""
    return lists.setdefault(json.dumps(values, separators=(",", ":")), len(lists))


rows = []


def row(name, which, args, fn, differentiates=True):
    x = INPUTS[which]
    own = NAMES[x.dtype]
    x = x.double() if own == "float32" else x.clone()
    x.requires_grad_(x.is_floating_point() and differentiates)
    ys = fn(x)
    ys = list(ys) if isinstance(ys, (list, tuple)) else [ys]
    gradient = None
    floats = [y for y in ys if y.requires_grad]
    if floats:
        total = sum((y.reshape(-1) * ((torch.arange(y.numel()) % 7 - 3) / 4 + 0.125).double()).sum() for y in floats)
        found, = torch.autograd.grad(total, [x], allow_unused=True)
        gradient = named([encode(v) for v in (torch.zeros_like(x) if found is None else found).reshape(-1).tolist()])
    # indices and counts are int32 in the engine, sums and products int64 as here
    names = {**NAMES, torch.int64: "int64"} if name in ("prod", "cumsum", "cumprod") else NAMES
    outs = [array(y, own if y.is_floating_point() else names[y.dtype]) for y in ys]
    rows.append([name, which, args, outs, gradient])


def over(fn, x, axes, keep):
    """A reduction that takes one dim, over several."""
    for axis in sorted((a % x.dim() for a in axes), reverse=True):
        x = fn(x, axis, keepdim=True)
    return x if keep else x.reshape([n for i, n in enumerate(x.shape) if i not in [a % len(x.shape) for a in axes]])


def axes_of(which):
    rank = INPUTS[which].dim()
    every = {0: [None], 1: [None, [0]], 2: [None, [0], [1], [0, 1]], 3: [None, [0], [1], [2], [0, 2], [1, -1], [0, 1, 2]]}
    return every[rank]


FLOATS = [n for n, x in INPUTS.items() if x.is_floating_point()]
FULL = [n for n in FLOATS if INPUTS[n].numel() > 0]
listed = lambda axes, which: list(range(INPUTS[which].dim())) if axes is None else axes
kept = lambda which, axes: (False, True) if which in ("plain", "integers") else (False,)

for which in INPUTS:
    for axes in axes_of(which):
        for keep in kept(which, axes):
            options = {"keepDims": keep}
            dims = listed(axes, which)
            row("prod", which, [axes, options], lambda x: over(lambda y, d, keepdim: torch.prod(y, d, keepdim), x, dims, keep),
                # 3e600 overflows in another order
                which != "huge")
            row("any", which, [axes, options], lambda x: over(torch.any, x != 0, dims, keep), False)
            row("all", which, [axes, options], lambda x: over(torch.all, x != 0, dims, keep), False)
for which in FLOATS:
    for axes in axes_of(which):
        dims = listed(axes, which)
        for keep in kept(which, axes):
            options = {"keepDims": keep}
            for correction in (1, 0, 3) if which in ("line", "thin") and not keep else (1,):
                own = {**options, "correction": correction}
                # where the divisor is 0 or below, gradients are NaN here and of several kinds there
                count = math.prod(INPUTS[which].shape[a] for a in dims)
                smooth = count > correction and which not in ("odd", "far")
                # PyTorch's running update loses digits of numbers far from 0; without their offset it has them
                near = lambda x: x - 1e4 if which == "far" else x
                row("variance", which, [axes, own], lambda x: torch.var(near(x), dims, correction=correction, keepdim=keep), smooth)
                row("std", which, [axes, own], lambda x: torch.std(near(x), dims, correction=correction, keepdim=keep), smooth)
                if which not in ("odd", "far"):
                    row("varMean", which, [axes, own], lambda x: torch.var_mean(x, dims, correction=correction, keepdim=keep), smooth)
            if dims or which == "scalar":
                row("logSumExp", which, [axes, options], lambda x: torch.logsumexp(x, dims, keep) if dims else x * 1)
            if which not in ("odd", "huge", "far"):
                row("sum", which, [axes, options], lambda x: torch.sum(x, dims, keepdim=keep))
                row("mean", which, [axes, options], lambda x: torch.mean(x, dims, keepdim=keep))
                if INPUTS[which].numel() > 0:
                    row("max", which, [axes, options], lambda x: torch.amax(x, dims, keepdim=keep))
                    row("min", which, [axes, options], lambda x: torch.amin(x, dims, keepdim=keep))
for which in ("plain", "zeros", "ties", "scalar", "odd", "single", "hollow"):
    for axes in axes_of(which) if which == "plain" else axes_of(which)[:3]:
        for p in ("fro", 1, 2, INF, -INF, 0, 3, 0.5, 1.5, -1):
            if which == "hollow" and (p in (INF, -INF) or p == -1):
                continue
            if p == 2 and which != "plain":
                continue
            dims = listed(axes, which)
            row("norm", which, [encode(p) if p != "fro" else p, axes],
                lambda x: torch.linalg.vector_norm(x, 2 if p == "fro" else p, dims),
                # of a norm that is NaN some gradients are NaN here and 0 there, or the other way round
                which != "odd")
for which in INPUTS:
    x = INPUTS[which]
    for axis in range(-1, max(1, x.dim() - 1)):
        row("cumsum", which, [axis], lambda x: torch.cumsum(x, axis))
        if which in ("plain", "odd"):
            row("softmin", which, [axis], lambda x: torch.nn.functional.softmin(x, axis), which != "odd")
        if which != "odd":
            row("cumprod", which, [axis], lambda x: torch.cumprod(x, axis), which != "huge")
        for descending in (False, True):
            row("sort", which, [axis, {"descending": descending}],
                lambda x: torch.sort(x, dim=axis, descending=descending, stable=True))
        if x.numel() == 0 or which == "flags":
            continue
        for keep in (False, True):
            row("argmax", which, [axis, {"keepDims": keep}], lambda x: torch.argmax(x, axis, keepdim=keep))
            row("argmin", which, [axis, {"keepDims": keep}], lambda x: torch.argmin(x, axis, keepdim=keep))
            row("maxWithIndices", which, [axis, {"keepDims": keep}], lambda x: torch.max(x, axis, keep))
            row("minWithIndices", which, [axis, {"keepDims": keep}], lambda x: torch.min(x, axis, keep))
        n = x.shape[axis] if x.dim() else 1
        if which in ("plain", "line", "one", "scalar", "thin", "long", "far", "single"):
            for k in sorted({0, 1, n // 2, n} if x.dim() else {1}):
                for largest in (True, False):
                    row("topK", which, [k, axis, {"largest": largest}], lambda x: torch.topk(x, k, axis, largest, True))
        row("median", which, [axis], lambda x: torch.median(x, axis)[0], which not in ("ties", "zeros", "odd"))
    if x.numel() > 0 and which not in ("integers", "flags"):
        row("median", which, [], lambda x: torch.median(x), which not in ("ties", "zeros", "odd"))
for which in ("plain", "ties", "integers", "bytes", "one", "nothing"):
    row("unique", which, [], lambda x: torch.unique(x, return_inverse=True, return_counts=True), False)
for which in ("plain", "ties", "long", "one"):
    for bins, low, high in ((4, 0, 0), (7, -1, 1), (10, 0, 3)):
        row("histc", which, [bins, {"min": low, "max": high}], lambda x: torch.histc(x, bins, low, high), False)

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reductions.json")
inputs = {name: array(x, NAMES[x.dtype]) for name, x in INPUTS.items()}
with open(path, "w") as file:
    dump = lambda v: json.dumps(v, separators=(",", ":"), allow_nan=False)
    file.write('{"torch":"%s",\n"inputs":{\n' % torch.__version__)
    file.write(",\n".join('"%s":%s' % (name, dump(v)) for name, v in inputs.items()))
    file.write('\n},\n"lists":[\n' + ",\n".join(lists))
    file.write('\n],\n"rows":[\n' + ",\n".join(dump(r) for r in rows) + "\n]}\n")
print(len(rows), "rows,", os.path.getsize(path), "bytes")

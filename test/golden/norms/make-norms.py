#!/usr/bin/env python3
"""
Writes norms.json: what PyTorch computes in float64, values and gradients, with layer, group, instance, root mean square and local
response normalisation, attention, interpolation, shuffled pixels. Made with PyTorch 1.13.0 (Debian 12) on x86-64.

Inputs and gradients of the results follow from a formula that both sides compute (numbers() here, formulaNumbers() in
test/ops/norms.test.ts); images are given to PyTorch as NCHW and written as NHWC.
"""
import json
import math
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def numbers(shape, seed):
    """Between -1 and 1, the same bits in every language: one division of whole numbers."""
    i = torch.arange(math.prod(shape), dtype=torch.int64)
    return (((i * 7919 + seed * 104729) % 1009).double() / 504.5 - 1).reshape(shape)


def nchw(x):
    return x.movedim(-1, 1)


def nhwc(x):
    return x.movedim(1, -1)


cases = []


def write(x):
    return {"shape": list(x.shape), "values": x.detach().reshape(-1).tolist()}


def case(op, fn, shapes, attrs=None):
    """`fn` of tensors with these shapes, drawn with the seeds 1, 2, …; a shape of None is an absent operand."""
    xs = [None if s is None else numbers(s, 1 + k).requires_grad_() for k, s in enumerate(shapes)]
    y = fn(*xs)
    given = [x for x in xs if x is not None]
    grads = iter(torch.autograd.grad(y, given, numbers(y.shape, 77)))
    cases.append({
        "op": op,
        "attrs": attrs or {},
        "shapes": shapes,
        "output": write(y),
        "gradients": [None if x is None else next(grads).reshape(-1).tolist() for x in xs],
    })


# ---- normalisations ----------------------------------------------------------------------------------------------------

for shape, axes in (([3, 5], [5]), ([2, 3, 4], [3, 4]), ([2, 6, 1], [1]), ([2, 5, 17], [17])):
    for eps in (1e-5, 0.5):
        for parameters in ([axes, axes], [axes, None], [None, None]):
            if eps == 0.5 and parameters[1] is None:
                continue
            case("layerNorm", lambda x, w=None, b=None: F.layer_norm(x, axes, w, b, eps), [shape, *parameters],
                 {"normalizedShape": axes, "eps": eps})

for shape, groups in (([2, 3, 4, 6], 3), ([2, 3, 2, 4], 1), ([1, 2, 3, 4], 4), ([3, 6], 2), ([2, 5, 4], 2)):
    for parameters in ([shape[-1:], shape[-1:]], [None, None]):
        case("groupNorm", lambda x, w=None, b=None: nhwc(F.group_norm(nchw(x), groups, w, b, 1e-5)), [shape, *parameters],
             {"numGroups": groups})
for parameters in ([[3], [3]], [None, None]):
    case("instanceNorm", lambda x, w=None, b=None: nhwc(F.instance_norm(nchw(x), None, None, w, b, True, 0.1, 1e-3)),
         [[2, 4, 3, 3], *parameters], {"eps": 1e-3})


def rms(x, w, eps):
    y = x * (x.pow(2).mean(-1, keepdim=True) + eps).rsqrt()
    return y if w is None else y * w


case("rmsNorm", lambda x, w: rms(x, w, 1e-6), [[2, 3, 7], [7]], {"normalizedShape": [7], "eps": 1e-6})
case("rmsNorm", lambda x, w=None: rms(x, w, torch.finfo(torch.float64).eps), [[3, 5], None], {"normalizedShape": [5]})
for size in (1, 2, 3, 5):
    case("localResponseNorm", lambda x: nhwc(F.local_response_norm(nchw(x), size, 0.3, 0.75, 2.0)), [[2, 3, 2, 6]],
         {"size": size, "alpha": 0.3, "beta": 0.75, "k": 2})
case("localResponseNorm", lambda x: nhwc(F.local_response_norm(nchw(x), 5)), [[1, 2, 2, 4]], {"size": 5})

# ---- attention ---------------------------------------------------------------------------------------------------------


def attention(q, k, v, mask=None, scale=None, causal=False):
    scores = q @ k.transpose(-1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if causal:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1), -math.inf)
    if mask is not None:
        scores = scores + mask
    return scores.softmax(-1) @ v


QKV = [[2, 3, 5, 4], [2, 3, 6, 4], [2, 3, 6, 3]]
case("scaledDotProductAttention", attention, QKV)
case("scaledDotProductAttention", lambda q, k, v: attention(q, k, v, scale=0.7), QKV, {"scale": 0.7})
case("scaledDotProductAttention", lambda q, k, v: attention(q, k, v, causal=True), QKV, {"isCausal": True})
case("scaledDotProductAttention", attention, [*QKV, [5, 6]])
case("scaledDotProductAttention", attention, [[5, 4], [6, 4], [6, 3]])


def multihead(form):
    def fn(q, k, v, w, b, ow, ob):
        layer = torch.nn.MultiheadAttention(6, 2, batch_first=True)
        own = dict(in_proj_weight=w, in_proj_bias=b)
        own["out_proj.weight"], own["out_proj.bias"] = ow, ob
        n, length, keys = q.shape[0], q.shape[1], k.shape[1]
        extra = {}
        if form == "masked":
            extra["attn_mask"] = torch.arange(length * keys).reshape(length, keys) % 5 == 3
            extra["key_padding_mask"] = torch.arange(n * keys).reshape(n, keys) % 4 == 1
        args = (q, q, q) if form == "self" else (q, k, v)
        y, weights = torch.nn.utils.stateless.functional_call(layer, own, args, extra)
        # what is not used still wants a gradient
        rest = 0 * (k.sum() + v.sum()) if form == "self" else 0
        return torch.cat([y.reshape(-1), weights.reshape(-1)]) + rest
    return fn


for form, keys in (("self", 4), ("cross", 5), ("masked", 5)):
    case("MultiheadAttention", multihead(form), [[2, 4, 6], [2, keys, 6], [2, keys, 6], [18, 6], [18], [6, 6], [6]], {"form": form})


def encoder(norm_first, activation):
    def fn(x, *parameters):
        layer = torch.nn.TransformerEncoderLayer(6, 2, 4, 0.0, activation, batch_first=True, norm_first=norm_first)
        names = [name for name, _ in layer.named_parameters()]
        return torch.nn.utils.stateless.functional_call(layer, dict(zip(names, parameters)), (x,))
    return fn


ENCODER = [[18, 6], [18], [6, 6], [6], [4, 6], [4], [6, 4], [6], [6], [6], [6], [6]]
for norm_first, activation in ((False, "relu"), (True, "gelu")):
    case("TransformerEncoderLayer", encoder(norm_first, activation), [[2, 4, 6], *ENCODER],
         {"normFirst": norm_first, "activation": activation})

# ---- interpolation -----------------------------------------------------------------------------------------------------

SHAPE = [1, 5, 7, 1]
SIZES = [{"size": [8, 3]}, {"size": [10, 14]}, {"size": [1, 5]}, {"scaleFactor": [1.7, 0.6]}, {"scaleFactor": [0.45, 2.5]},
         {"scaleFactor": [1.7, 0.6], "recomputeScaleFactor": True}]


def interpolate(attrs):
    names = {"scaleFactor": "scale_factor", "alignCorners": "align_corners", "recomputeScaleFactor": "recompute_scale_factor"}
    options = {names.get(name, name): tuple(v) if isinstance(v, list) else v for name, v in attrs.items()}
    return lambda x: nhwc(F.interpolate(nchw(x), **options))


def resize(shape, attrs):
    case("interpolate", interpolate(attrs), [shape], attrs)


for own in SIZES:
    for mode in ("nearest", "nearest-exact", "area"):
        resize(SHAPE, {**own, "mode": mode})
    for mode in ("bilinear", "bicubic"):
        resize(SHAPE, {**own, "mode": mode})
        resize(SHAPE, {**own, "mode": mode, "alignCorners": True})
        resize(SHAPE, {**own, "mode": mode, "antialias": True})
for mode in ("bilinear", "bicubic"):
    resize([1, 13, 11, 1], {"size": [4, 3], "mode": mode, "antialias": True})
    resize([1, 13, 11, 1], {"size": [4, 3], "mode": mode, "antialias": True, "alignCorners": True})
    resize(SHAPE, {"size": [3, 1], "mode": mode, "antialias": True, "alignCorners": True})
resize([2, 5, 7, 3], {"size": [8, 3], "mode": "bilinear"})
resize([2, 6, 3], {"size": [9], "mode": "linear"})
resize([2, 6, 3], {"scaleFactor": [2.0], "mode": "nearest"})
resize([1, 3, 4, 2, 2], {"size": [5, 2, 3], "mode": "trilinear"})
for size in (37, 75):
    resize([1, 50, 1, 1], {"size": [size, 1], "mode": "nearest"})
    resize([1, 50, 1, 1], {"size": [size, 1], "mode": "nearest-exact"})

case("pixelShuffle", lambda x: nhwc(F.pixel_shuffle(nchw(x), 2)), [[2, 3, 2, 8]], {"factor": 2})
case("pixelShuffle", lambda x: nhwc(F.pixel_shuffle(nchw(x), 3)), [[1, 2, 1, 9]], {"factor": 3})
case("pixelUnshuffle", lambda x: nhwc(F.pixel_unshuffle(nchw(x), 2)), [[2, 4, 6, 3]], {"factor": 2})

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "norms.json")
with open(path, "w") as file:
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    file.write('{"torch":"1.13.0",\n"cases":[\n' + lines + "\n]}\n")
print(len(cases), "cases,", os.path.getsize(path), "bytes")

#!/usr/bin/env python3
"""
Runs cases of draw.ts in PyTorch: JSON lines in, {"torch": expression, "operands": [[shape, kind, base64 of float64]]}, and out, a line for
each: what it gives in float64 and in float32, {"outputs": [[shape, base64]], "gradients": …} or {"error": …}.

Images come as [N, ..., C] and weights as [...K, Cin/groups, Cout]; nchw(), nhwc() and oihw() convert. The gradient of an output
is number k of `weights`, which ours.ts computes alike.
"""
import base64
import json
import math
import sys
import warnings

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.stateless import functional_call
from torchvision.ops import sigmoid_focal_loss

warnings.filterwarnings("ignore")
torch.set_num_threads(1)


def nchw(x):
    # PyTorch 1.13 has no gradients of nll_loss for other strides
    return x.permute(0, x.dim() - 1, *range(1, x.dim() - 1)).contiguous()


def nhwc(x):
    # PyTorch 1.13 has wrong gradients of instance_norm of one picture for other strides
    if x.requires_grad:
        x.register_hook(lambda gradient: gradient.contiguous())
    return x.permute(0, *range(2, x.dim()), 1)


def oihw(w):
    """[...K, in, out] to [out, in, ...K]."""
    k = w.dim() - 2
    return w.permute(k + 1, k, *range(k)).contiguous()


def layer(module, parameters, *inputs):
    """What a module gives with these parameters, by name."""
    return functional_call(module.to(inputs[0].dtype), parameters, inputs)


class CircularPad2d(nn.Module):
    """torch.nn.CircularPad2d, which came after PyTorch 1.13."""

    def __init__(self, widths):
        super().__init__()
        self.widths = widths

    def forward(self, x):
        return F.pad(x, self.widths, mode="circular")


nn.CircularPad2d = CircularPad2d


def batch_norm(x, weight, bias, mean, variance, momentum, eps):
    """In training: what it gives, and the running statistics after it."""
    mean, variance = mean.clone(), variance.clone()
    y = F.batch_norm(x, mean, variance, weight, bias, True, momentum, eps)
    return y, mean, variance


def attention(q, k, v, mask=None, scale=None, causal=False):
    scores = q @ k.transpose(-1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if causal:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1), -math.inf)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask
    return scores.softmax(-1) @ v


def along(x, axis, resize):
    """What `resize` makes of lines [1, lines, n], along an axis of x."""
    lines = x.movedim(axis, -1)
    y = resize(lines.reshape(1, -1, lines.shape[-1]))
    return y.reshape(*lines.shape[:-1], y.shape[-1]).movedim(-1, axis)


def rms_norm(x, axes, w, eps):
    y = x * (x.pow(2).mean(axes, keepdim=True) + eps).rsqrt()
    return y if w is None else y * w


def weights(n, k):
    """Number k, between -1 and 1, of a hash whose bits are the same in any language."""
    i = np.arange(1, n + 1, dtype=np.uint64) + np.uint64(100003 * k)
    return (((i * np.uint64(2654435761)) & np.uint64(0xFFFFFFFF)).astype(np.float64) / 2**31 - 1).astype(np.float32)


def written(x):
    array = np.ascontiguousarray(x.detach().to(torch.float64).numpy())
    return [list(x.shape), base64.b64encode(array.tobytes()).decode()]


def operand(shape, kind, text, dtype):
    values = torch.from_numpy(np.frombuffer(base64.b64decode(text), dtype=np.float64).copy()).reshape(shape)
    if kind == "integer":
        return values.to(torch.int64)
    if kind == "bool":
        return values.to(torch.bool)
    return values.to(dtype).requires_grad_(kind == "float")


def run(case, code, dtype):
    try:
        operands = [operand(*given, dtype) for given in case["operands"]]
        names = dict(zip("abcdefghijklmnop", operands))
        y = eval(code, {**globals(), **names})
        outputs = list(y) if isinstance(y, (tuple, list)) else [y]
        leaves = [x for x in operands if x.requires_grad]
        graded = [(k, one) for k, one in enumerate(outputs) if one.requires_grad]
        if graded and leaves:
            total = sum((one * torch.from_numpy(weights(one.numel(), k)).to(dtype).reshape(one.shape)).sum() for k, one in graded)
            found = torch.autograd.grad(total, leaves, allow_unused=True)
        else:
            found = [None] * len(leaves)
        gradients = [torch.zeros_like(x) if g is None else g for x, g in zip(leaves, found)]
        return {"outputs": [written(x) for x in outputs], "gradients": [written(g) for g in gradients]}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0]}


for line in sys.stdin:
    case = json.loads(line)
    try:
        code = compile(case["torch"], "case", "eval")
        answers = [run(case, code, dtype) for dtype in (torch.float64, torch.float32)]
    except SyntaxError as error:
        sys.exit(f"{case['torch']}: {error}")
    print(json.dumps(answers))

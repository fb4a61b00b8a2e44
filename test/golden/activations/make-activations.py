#!/usr/bin/env python3
"""
Writes activations.json: values and slopes of activations and functions of one number at ordinary, small, large and infinite numbers. Values
are mpmath's, at 400 digits, where PyTorch's float64 is a difference of close numbers (gelu far below 0, elu close to 0, ...); PyTorch's, in
float64, elsewhere. "single" is how far PyTorch's own float32 is from them, relative, the larger of 0 and what it is. Made with PyTorch 1.13.0 and
mpmath 1.2.1 (Debian 12) on x86-64.

Inputs are float32 numbers, as mantissas and exponents of 2, so that both sides read the same.
"""
import json
import math
import os

import mpmath as mp
import torch
import torch.nn.functional as F

mp.mp.dps = 400
INF, NAN = math.inf, math.nan
POINTS = [1e-30, -1e-30, 1e-8, -1e-8, 1e-3, -1e-3, 0.1, -0.1, 0.3, -0.3, 0.7, -0.7, 0.97, -0.97, 1.1, -1.1, 1.9, -1.9, 2.7, -2.7, 3.3, -3.3, 4.4, -4.4,
          5.9, -5.9, 6.2, -6.2, 8.3, -8.3, 11.7, -11.7, 13.1, -13.1, 17.3, -17.3, 20.0, -20.0, 41.0, -41.0, 70.0, -70.0, 86.0, -86.0, 1e3,
          -1e3, 1e6, -1e6, 1e30, -1e30]
XS = torch.tensor(POINTS, dtype=torch.float32)

sigmoid = lambda x: 1 / (1 + mp.exp(-x))
normal = lambda x: mp.erfc(-x / mp.sqrt(2)) / 2
softplus = lambda x: mp.log1p(mp.exp(x)) if x < 100 else x + mp.exp(-x)
gelu_tanh = lambda x: x * sigmoid(2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x ** 3))
EXACT = {
    "gelu": lambda x: x * normal(x),
    "geluTanh": gelu_tanh,
    "silu": lambda x: x * sigmoid(x),
    "softplus": softplus,
    "mish": lambda x: x * mp.tanh(softplus(x)),
    "elu": lambda x: x if x > 0 else mp.expm1(x),
    "selu": lambda x: mp.mpf(1.0507009873554805) * (x if x > 0 else mp.mpf(1.6732632423543772) * mp.expm1(x)),
    "celu": lambda x: x if x > 0 else 2 * mp.expm1(x / 2),
    "logSigmoid": lambda x: -softplus(-x),
    "erf": mp.erf, "log1p": lambda x: mp.log1p(x) if x > -1 else mp.nan, "expm1": mp.expm1, "exp2": lambda x: mp.mpf(2) ** x,
    "hardsigmoid": lambda x: min(max(x + 3, 0), 6) / mp.mpf(6), "tanhshrink": lambda x: x - mp.tanh(x),
    "sinh": mp.sinh, "cosh": mp.cosh, "asinh": mp.asinh, "atan": mp.atan,
}
TORCH = {
    "gelu": F.gelu, "geluTanh": lambda x: F.gelu(x, approximate="tanh"), "silu": F.silu, "softplus": lambda x: F.softplus(x, 1, 1e30), "mish": F.mish,
    "elu": F.elu, "selu": F.selu, "celu": lambda x: F.celu(x, 2.0), "logSigmoid": F.logsigmoid, "erf": torch.erf, "log1p": torch.log1p,
    "expm1": torch.expm1, "exp2": torch.exp2, "sinh": torch.sinh, "cosh": torch.cosh, "asinh": torch.asinh, "atan": torch.atan,
    "hardswish": F.hardswish, "hardsigmoid": F.hardsigmoid, "leakyRelu": lambda x: F.leaky_relu(x, 0.2), "prelu": lambda x: F.prelu(x, x.new_tensor([0.3])),
    "relu6": F.relu6, "hardtanh": lambda x: F.hardtanh(x, -2, 0.5), "softsign": F.softsign, "tanhshrink": F.tanhshrink, "hardshrink": F.hardshrink,
    "softshrink": F.softshrink, "threshold": lambda x: F.threshold(x, 0.5, 7.0), "log2": torch.log2, "log10": torch.log10, "tan": torch.tan,
    "asin": torch.asin, "acos": torch.acos, "acosh": torch.acosh, "atanh": torch.atanh, "trunc": torch.trunc,
}


def exact(f, x):
    """Value and slope, by a difference at 400 digits; None where PyTorch is as good."""
    x = mp.mpf(x)
    if abs(x) > (1e31 if f in (EXACT["geluTanh"], softplus, EXACT["logSigmoid"]) else 1e5):
        return None
    value = f(x)
    if mp.isnan(value):
        return None
    h = mp.mpf(10) ** -120 * abs(x)
    slope = (f(x + h) - f(x - h)) / (2 * h)
    return value, slope


def number(v):
    if v is None:
        return None
    v = float(v) if not isinstance(v, float) else v
    if math.isnan(v):
        return "NaN"
    if math.isinf(v):
        return "Infinity" if v > 0 else "-Infinity"
    return v


def run(f, xs):
    xs = xs.clone().requires_grad_()
    y = f(xs)
    (slope,) = torch.autograd.grad(y.sum(), xs) if y.requires_grad else (torch.zeros_like(xs),)
    return y.detach().double().tolist(), slope.double().tolist()


def loss(own, truth):
    if not math.isfinite(truth) or truth == 0:
        return 0 if own == truth or math.isnan(truth) else 1
    return min(abs(own - truth) / abs(truth), 1) if math.isfinite(own) else 1


rows = {}
for name, f in TORCH.items():
    values, slopes = run(f, XS.double())
    if name in EXACT:
        for i, x in enumerate(XS.double().tolist()):
            found = exact(EXACT[name], x)
            if found:
                values[i], slopes[i] = (float(v) for v in found)
    single = run(f, XS)
    rows[name] = {
        "values": [number(v) for v in values], "slopes": [number(v) for v in slopes],
        "single": [[float("%.2g" % loss(o, t)) for o, t in zip(own, truth)] for own, truth in zip(single, (values, slopes))],
    }

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "activations.json"), "w") as file:
    lines = ",\n".join('"%s":%s' % (n, json.dumps(r, separators=(",", ":"))) for n, r in rows.items())
    file.write('{"torch":"%s","points":%s,"rows":{\n%s\n}}\n' % (torch.__version__.split("+")[0], json.dumps([float(x) for x in XS.double()]), lines))

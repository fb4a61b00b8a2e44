#!/usr/bin/env python3
"""
Writes special-values.json: what PyTorch answers to zeros of both signs, infinities, NaN, denormals, tails and int32 ends,
values and gradients, op by op. Made with PyTorch 1.13.0 (Debian 12) on x86-64.

A float32 case is computed twice: in float64, rounded to float32 at the end ("outputs", "gradients": the true values), and
in float32. Where PyTorch's float32 result is of another class or more than 4 ulp away, "single" holds it as well, as
"result index/element index". float64 and int32 cases are computed once, in their own dtype.

NaN, +-Infinity and -0 are strings. A list that occurs in several places is written once, in "lists", and named elsewhere.
"""
import json
import math
import os

import mpmath
import numpy as np
import torch
import torch.nn.functional as F

INF, NAN = math.inf, math.nan
mpmath.mp.dps = 50
TORCH = {"float32": torch.float32, "float64": torch.float64, "int32": torch.int32, "uint8": torch.uint8}
MAX_ULP = 4


# ---- numbers as JSON ---------------------------------------------------------------------------------------------------

def encode_one(v, dtype):
    if dtype in ("int32", "uint8"):
        return int(v)
    v = float(v)
    if math.isnan(v):
        return "NaN"
    if math.isinf(v):
        return "Infinity" if v > 0 else "-Infinity"
    if v == 0 and math.copysign(1, v) < 0:
        return "-0"
    if dtype == "float32":
        v = float(str(np.float32(v)))  # the shortest digits that float32 reads back
    return int(v) if v == int(v) and abs(v) < 1e15 else v


def encode(tensor, dtype):
    return [encode_one(v, dtype) for v in tensor.detach().reshape(-1).numpy()]


def class_of(v):
    if math.isnan(v):
        return "NaN"
    if math.isinf(v) or v == 0:
        return str(v)
    return "finite"


def ulps_between(a, b):
    below = np.nextafter(np.float32(abs(b)), np.float32(0))
    return abs(a - b) / max(float(np.float32(abs(b))) - float(below), 2.0**-149)


def singles(truth, single):
    """Where PyTorch's own float32 result is of another class than the truth, or far from it."""
    found = {}
    for r, (t, s) in enumerate(zip(truth, single)):
        if t is None:
            continue
        for i, (a, b) in enumerate(zip(t.reshape(-1).tolist(), s.detach().reshape(-1).tolist())):
            if class_of(a) != class_of(b) or (class_of(a) == "finite" and ulps_between(b, a) > MAX_ULP):
                found["%d/%d" % (r, i)] = encode_one(b, "float32")
    return found


# ---- cases -------------------------------------------------------------------------------------------------------------

cases = []


def as_list(y):
    return list(y) if isinstance(y, (list, tuple)) else [y]


def compute(fn, inputs, dys, dtype):
    """Outputs and gradients of fn, all floating-point inputs in `dtype`."""
    xs = []
    for values, own, wants in inputs:
        x = values.to(TORCH[own] if own not in ("float32", "float64") else dtype)
        xs.append(x.clone().requires_grad_(wants) if x.is_floating_point() else x)
    ys = as_list(fn(*xs))
    if dys is None or not any(y.requires_grad for y in ys):
        return [y.detach() for y in ys], None
    joined = [(y, dy.to(y.dtype)) for y, dy in zip(ys, dys) if dy is not None]
    grads = torch.autograd.grad(
        [y for y, _ in joined], [x for x in xs if x.requires_grad], [dy for _, dy in joined], allow_unused=True
    )
    left = list(grads)
    return [y.detach() for y in ys], [left.pop(0) if x.requires_grad else None for x in xs]


def case(op, fn, inputs, dtype="float32", attrs=None, dys=None, wants=None, out=None, slope=None):
    """
    One case: inputs are tensors, or (tensor, dtype) where an input has a dtype of its own. `wants` says which inputs get a
    gradient (default: all floating ones), `out` is the dtype of outputs where it differs, `slope` the derivative of an op
    of one operand where PyTorch's gradient is not the true one.
    """
    given = [x if isinstance(x, tuple) else (x, dtype) for x in inputs]
    full = [
        (x, own, own in ("float32", "float64") and (wants is None or wants[i])) for i, (x, own) in enumerate(given)
    ]
    with torch.enable_grad():
        if dtype == "float32":
            truth = compute(fn, full, dys, torch.float64)
            single = compute(fn, full, dys, torch.float32)
        else:
            truth, single = compute(fn, full, dys, TORCH[dtype]), None
    ys, gs = truth
    if slope:
        gs = [torch.tensor([slope(v) for v in inputs[0].tolist()], dtype=torch.float64) * dys[0]]
    out_dtype = [out if out else ("int32" if not y.is_floating_point() else dtype) for y in ys]
    record = {
        "op": op,
        "dtype": dtype,
        "attrs": attrs or {},
        "inputs": [
            {"shape": list(shape), "values": encode(x, own), **({"dtype": own} if own != dtype else {})}
            for (x, own, _), shape in zip(full, [x.shape for x, _, _ in full])
        ],
        "outputs": [
            {"shape": list(y.shape), "values": encode(y.float() if d == "float32" else y, d), **({"dtype": d} if d != dtype else {})}
            for y, d in zip(ys, out_dtype)
        ],
    }
    if gs is not None:
        record["dys"] = [None if dy is None else encode(dy, dtype) for dy in dys]
        record["gradients"] = [
            None if not w else encode((torch.zeros_like(x) if g is None else g).to(TORCH[dtype]), dtype)
            for (x, _, w), g in zip(full, gs)
        ]
    if single:
        apart = singles([y.float() for y in ys if y.is_floating_point()], [y for y in single[0] if y.is_floating_point()])
        if apart:
            record["single"] = {"outputs": apart}
        if gs is not None:
            rounded = [None if g is None else g.float() for g in gs]
            apart = singles(rounded, single[1])
            if apart:
                record.setdefault("single", {})["gradients"] = apart
    cases.append(record)
    return record


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def nchw(x):
    return x.permute(0, 3, 1, 2)


def t(values, dtype="float64"):
    return torch.tensor(values, dtype=TORCH[dtype])


def f32(values):
    """Exactly representable in float32, held in float64."""
    return torch.tensor(values, dtype=torch.float32).double()


# the numbers that a float32 result turns on: ties of rounding, ends of exp, sigmoid, tanh, denormals, the largest
COMMON = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.4, -0.4, 0.49999997, -0.49999997,
          2.0, -3.0, 0.6, -0.7, 0.05, -1e-4, 9.1, -9.1, 17.0, -17.0, 20.0, -20.0, 88.0, -88.0, 104.0, -104.0,
          710.0, -710.0, 1e-30, -1e-30, 1e30, -1e30, 1e6, -1e6, 1e5, 1.5707963705062866, 3.1415927410125732]
SINGLE = COMMON + [1.401298464324817e-45, -1.401298464324817e-45, 1e-40, -1e-40, 1.1754943508222875e-38,
                   3.4028234663852886e38, -3.4028234663852886e38, 88.5, 88.7, 88.75, -87.25, -87.5, -88.75, -95.0, -100.0,
                   -102.5, -103.25, -103.75, -103.98, 43.0, 44.5, -44.5, 8388609.0, -8388607.5, 4194303.5, 2147483648.0,
                   -2147483648.0, 1.0000001192092896, 0.9999999403953552]
DOUBLE = COMMON + [5e-324, -5e-324, 1e-310, -1e-310, 2.2250738585072014e-308, 1.7976931348623157e308,
                   -1.7976931348623157e308, 709.5, -708.5, -720.0, -745.0, -745.2, -746.0, 1e300, -1e300, 1e-300,
                   4503599627370497.0, -4503599627370495.5, 355.0, -355.0, 37.0, -37.0]
PROBES = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 0.5, -2.0, 104.0, -104.0, 1e-30, -1e30]
PAIRED = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1e-30, 1e30, -1e30]
TINY = {"float32": [1.401298464324817e-45, -1e-40, 3.4028234663852886e38],
        "float64": [5e-324, -1e-310, 2.0**1023]}
FLOATS = ("float32", "float64")


def of(values, dtype):
    return f32(values) if dtype == "float32" else t(values)


# ---- 1. one operand ----------------------------------------------------------------------------------------------------

UNARY = {
    "neg": torch.neg, "abs": torch.abs, "sign": torch.sign,
    "floor": torch.floor, "ceil": torch.ceil, "round": torch.round, "exp": torch.exp, "log": torch.log,
    "sqrt": torch.sqrt, "rsqrt": torch.rsqrt, "square": torch.square, "reciprocal": torch.reciprocal, "sin": torch.sin,
    "cos": torch.cos, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu,
}


def sigmoid_slope(x):
    """At 50 digits: PyTorch's own gradient, y * (1 - y), is rounding alone where y is close to 1."""
    if not math.isfinite(x):
        return NAN if math.isnan(x) else 0.0
    e = mpmath.exp(-abs(mpmath.mpf(x)))
    # where exp(-x) overflows float64 the sigmoid is 0, in PyTorch too
    return 0.0 if 1 / e > np.finfo(np.float64).max else float(e / (1 + e) ** 2)


SLOPES = {"sigmoid": sigmoid_slope, "tanh": lambda x: 4 * sigmoid_slope(2 * x)}


for dtype in FLOATS:
    for op, fn in UNARY.items():
        x = of(SINGLE if dtype == "float32" else DOUBLE, dtype)
        case(op, fn, [x], dtype, dys=[torch.ones_like(x)], slope=SLOPES.get(op))
        probes = of(PROBES, dtype)
        for dy in (INF, -0.75, 0.0, NAN):
            case(op, fn, [probes], dtype, dys=[torch.full_like(probes, dy)], slope=SLOPES.get(op))

# ---- 2. two operands ---------------------------------------------------------------------------------------------------

BINARY = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow,
    "maximum": torch.maximum, "minimum": torch.minimum,
}
COMPARISONS = {
    "equal": torch.eq, "notEqual": torch.ne, "less": torch.lt, "lessEqual": torch.le, "greater": torch.gt,
    "greaterEqual": torch.ge,
}
POWERS = [(-8.0, 1 / 3), (-2.0, 0.5), (2.0, 127.0), (2.0, 128.0), (2.0, -149.0), (2.0, -150.0), (0.5, 149.0), (10.0, 38.0),
          (10.0, -40.0), (-1.0, 16777217.0), (-1.0, 16777216.0), (-3.0, 7.0), (1.0000001192092896, 1e7), (1e-30, 1.5),
          (-0.0, 3.0), (-0.0, -3.0), (-0.0, -2.0), (-INF, 3.0), (-INF, -3.0), (-INF, 0.5), (7.0, 0.0), (-7.0, 0.0), (0.0, 1e-30)]


def pairs(values, dtype):
    x = of(values, dtype)
    return x.repeat_interleave(len(values)), x.repeat(len(values))


for dtype in FLOATS:
    a, b = pairs(PAIRED + TINY[dtype], dtype)
    for op, fn in BINARY.items():
        case(op, fn, [a, b], dtype, dys=[torch.ones_like(a)])
    for op, fn in COMPARISONS.items():
        case(op, lambda u, v, fn=fn: fn(u, v).to(u.dtype), [a, b], dtype)
    a, b = pairs([0.0, -0.0, 1.0, -1.0, INF, NAN, 0.5, -3.0], dtype)
    for op, fn in BINARY.items():
        for dy in (INF, -0.75, 0.0, NAN):
            case(op, fn, [a, b], dtype, dys=[torch.full_like(a, dy)])
    a, b = of([p for p, _ in POWERS], dtype), of([q for _, q in POWERS], dtype)
    case("pow", torch.pow, [a, b], dtype, dys=[torch.ones_like(a)])

    # threshold_backward, as the gradient of relu reads it: its saved result in the place of x
    dy, y = pairs([0.0, -0.0, 1.0, -1.0, INF, -INF, NAN], dtype)
    case("reluGrad", lambda d, r: torch.ops.aten.threshold_backward(d, r, 0), [dy, y], dtype)

    masks, chosen = pairs([0.0, -0.0, 1.0, INF, NAN, -1e-40, 1e-30, 0.4], dtype)
    case("where", lambda m, u, v: torch.where(m != 0, u, v), [masks, chosen, -chosen], dtype, dys=[torch.ones_like(masks)],
         wants=[False, True, True])
    masks, dy = pairs([0.0, 1.0, INF, NAN, -2.0], dtype)
    case("where", lambda m, u, v: torch.where(m != 0, u, v), [masks, masks, dy], dtype, dys=[dy], wants=[False, True, True])

    x = of([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -2.0, 6.0, 7.0, INF, -INF, NAN, 1e-30, -1e-30, 1e30], dtype)
    for low, high in [(-1.0, 1.0), (0.0, 6.0), (-INF, 1.0), (-1.0, INF), (1.0, 1.0), (2.0, -2.0), (-0.0, 0.0), (0.0, -0.0)]:
        for dy in (1.0, INF):
            case("clamp", lambda u, low=low, high=high: torch.clamp(u, low, high), [x], dtype,
                 attrs={"low": encode_one(low, dtype), "high": encode_one(high, dtype)}, dys=[torch.full_like(x, dy)])

# ---- 3. reductions -----------------------------------------------------------------------------------------------------

ROWS = [[1, 2, 3, 4], [NAN, 1, 2, 3], [3, NAN, 1, 2], [1, 2, INF, NAN], [NAN, NAN, 1, -INF], [INF, 1, 2, 3], [INF, -INF, 1, 2],
        [-INF, -INF, -INF, -INF], [INF, INF, 1, 2], [0.0, 0.0, 0.0, 0.0], [-0.0, -0.0, -0.0, -0.0], [2, 2, 1, 2],
        [-1, -1, -1, -2], [1, -INF, 2, 2], [1e30, 1e30, -1e30, 1], [3e38, 3e38, 3e38, 3e38], [3e38, -3e38, 1, 1],
        [1e-40, 1e-40, -1e-40, 1e-40], [1.401298464324817e-45, 0, 0, 0], [-20, -88, -104, 0], [104, 0, -104, 88],
        [0, -710, 710, 1], [1e-30, 1e-30, 1e30, 0], [-1, -2, -3, -4]]
ZEROS = [[0.0, -0.0, 0.0, -0.0], [-0.0, 0.0, -0.0, 0.0]]
REDUCTIONS = {
    "sum": lambda x, axis: torch.sum(x, axis), "mean": lambda x, axis: torch.mean(x, axis),
    "max": lambda x, axis: torch.amax(x, axis), "min": lambda x, axis: torch.amin(x, axis),
}
# long enough for whole vectors, a partial one, and several of them
LONG = 37


def long_rows(rows):
    """
    Each row with its numbers far apart and ordinary ones between, so that they fall on different lanes. A row that cancels
    stays ordinary: the order of additions would decide what is left of the others.
    """
    made = []
    for row in rows:
        row = [1.0, 2.0, 3.0, 4.0] if row == [3e38, -3e38, 1, 1] else row
        long = [((i * 7) % 5 - 1) / 4 for i in range(LONG)]
        for i, v in zip((3, 16, 30, LONG - 1), row):
            long[i] = v
        made.append(long)
    return made


for dtype in FLOATS:
    for rows in (of(ROWS, dtype), of(long_rows(ROWS), dtype)):
        for axis, x in ((1, rows), (0, rows.t().contiguous())):
            for op, fn in REDUCTIONS.items():
                attrs = {"axes": [axis], "keepDims": False}
                for dy in (1.0, INF) if rows.shape[1] == 4 else (1.0,):
                    case(op, lambda u, fn=fn, axis=axis: fn(u, axis), [x], dtype, attrs=attrs,
                         dys=[torch.full([len(ROWS)], dy, dtype=torch.float64)])
            case("argmax", lambda u, axis=axis: torch.argmax(u, axis), [x], dtype, attrs={"axis": axis}, out="int32")
            for op, fn in {"softmax": torch.softmax, "logSoftmax": torch.log_softmax}.items():
                dy = torch.zeros_like(rows)
                dy[:, 0], dy[:, -1] = 1.0, -0.5
                dy = dy if axis == 1 else dy.t().contiguous()
                case(op, lambda u, fn=fn, axis=axis: fn(u, axis), [x], dtype, attrs={"axis": axis}, dys=[dy])
    zeros = of(ZEROS, dtype)
    case("argmax", lambda u: torch.argmax(u, 1), [zeros], dtype, attrs={"axis": 1}, out="int32")
    case("sum", lambda u: torch.sum(u, 1), [zeros], dtype, attrs={"axes": [1], "keepDims": False}, dys=[torch.ones(2)])

LOGITS = [[-INF, 1, 2], [1, -INF, 2], [1, 2, -INF], [INF, 1, 2], [1, INF, 2], [NAN, 1, 2], [1, NAN, 2], [-INF, -INF, -INF],
          [-INF, 3, -INF], [200, -200, 0], [-200, 200, 0], [1e30, 1, 0], [0, 1e30, 1], [0, 0, 0], [-0.0, 0.0, 0.0],
          [-104, -104, -104], [88, 89, -88], [1e-40, 0, -1e-40]]
for dtype in FLOATS:
    for logits in LOGITS:
        for smoothing in (0.0, 0.1):
            case("crossEntropy", lambda x, y, s=smoothing: F.cross_entropy(x, y.long(), label_smoothing=s),
                 [of([logits], dtype), (t([1], "int32"), "int32")], dtype, attrs={"labelSmoothing": smoothing},
                 dys=[torch.ones([])])
    case("crossEntropy", lambda x, y: F.cross_entropy(x, y.long()),
         [of([[-INF, 1, 2], [1, 2, -INF], [0.5, -INF, -INF]], dtype), (t([1, 0, 0], "int32"), "int32")], dtype,
         attrs={"labelSmoothing": 0.0}, dys=[torch.ones([])])

# ---- 4. pooling and batch norm -----------------------------------------------------------------------------------------

PICTURES = [
    [[1, 2, 3, 4], [5, NAN, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]],
    [[-INF, -INF, 3, 4], [-INF, -INF, 7, 8], [9, INF, 11, 12], [13, 14, -INF, 16]],
    [[2, 2, 2, 2], [2, 2, 2, 2], [1, 2, NAN, NAN], [2, 1, INF, NAN]],
    [[-1, -2, -3, -4], [-5, -1, -7, -1], [1e30, -1e30, 1e-30, 1e-40], [3e38, 3e38, 3e38, 3e38]],
]
GEOMETRIES = [(2, 2, 0), (3, 1, 1), (2, 1, 1), (3, 2, 0)]


def windows(op, fn, x, dtype, attrs):
    """x is [N, C, H, W] here; the fixture holds [N, H, W, C]."""
    y = fn(nchw(x))
    shape = nhwc(y).shape
    dy = (torch.arange(y.numel(), dtype=torch.float64) % 5 + 1).reshape(shape)
    case(op, lambda u: nhwc(fn(nchw(u))), [x], dtype, attrs=attrs, dys=[dy])


for dtype in FLOATS:
    x = nhwc(of(PICTURES, dtype).unsqueeze(0)).contiguous()
    for k, stride, padding in GEOMETRIES:
        attrs = {"kernelSize": [k, k], "stride": [stride, stride], "padding": [padding, padding]}
        windows("maxPool2d", lambda u, g=(k, stride, padding): F.max_pool2d(u, *g), x, dtype, attrs)
        windows("avgPool2d", lambda u, g=(k, stride, padding): F.avg_pool2d(u, *g), x, dtype, attrs)
        places = lambda u, g=(k, stride, padding): nhwc(F.max_pool2d(nchw(u), *g, return_indices=True)[1])
        case("maxPool2dIndices", places, [x], dtype, attrs=attrs, out="int32")

# columns: ordinary, constant, with an infinity, with NaN, two infinities, huge, tiny, zeros
CHANNELS = [[1, 2, INF, NAN, INF, 1e15, 1e-30, 0.0], [2, 2, 1, 1, -INF, 3e15, -1e-30, 0.0], [-1, 2, 2, 2, 1, 2e15, 0, 0.0],
            [0.5, 2, 3, 3, 2, 1e15, 1e-30, 0.0]]


def batch_norm_parts(x, gamma, beta, eps):
    return [F.batch_norm(x, None, None, gamma, beta, True, 0.1, eps), x.mean(0), x.var(0, unbiased=False)]


def eval_parts(x, gamma, beta, mean, variance, eps):
    # as formulas: F.batch_norm gives running statistics no gradient
    return (x - mean) * (variance + eps).rsqrt() * gamma + beta


for dtype in FLOATS:
    x = of(CHANNELS, dtype)
    c = x.shape[1]
    gamma, beta = of([1.5, -0.5, 1, 1, 2, 1, 1, 1], dtype), of([0.25, 0, 1, -1, 0, 0.5, -0.0, 0.75], dtype)
    dy = of([[1, -1, 1, 1, 1, 1, 1, 1], [0.5, 2, 0, 0, 1, 1, -1, 1], [-1, 1, 1, 1, 0, 0, 0, 0.5], [0, 0, 0, 0, 1, 1, 1, 0]], dtype)
    dmean, dvariance = of([0.5, 1, -1, 1, 1, -0.5, 2, 1], dtype), of([1, -0.25, 1, 1, 1, 0.5, 1, -1], dtype)
    for eps in (1e-5,):
        for wanted in ([dy, None, None], [None, dmean, None], [None, None, dvariance], [dy, dmean, dvariance]):
            case("batchNorm", lambda u, g, b, eps=eps: batch_norm_parts(u, g, b, eps), [x, gamma, beta], dtype,
                 attrs={"eps": eps}, dys=wanted)
    mean, variance = of([0, 2, INF, NAN, 1, 0, 0, -0.0], dtype), of([0, 0, 1, 1, INF, 1e30, 1e-40, NAN], dtype)
    for eps in (1e-5, 0.0):
        case("batchNormEval", lambda u, g, b, m, v, eps=eps: eval_parts(u, g, b, m, v, eps),
             [x, gamma, beta, mean, variance], dtype, attrs={"eps": eps}, dys=[dy])

# rows: ordinary, constant, with an infinity, with NaN, huge, tiny, zeros
ROWS = [[1, 2, -1, 0.5], [2, 2, 2, 2], [INF, 1, 2, 3], [1, NAN, 2, 3], [1e15, 3e15, 2e15, 1e15], [1e-30, -1e-30, 0, 1e-30],
        [0.0, 0.0, -0.0, 0.0]]
for dtype in FLOATS:
    x = of(ROWS, dtype)
    gamma, beta = of([1.5, -0.5, 0.0, 1], dtype), of([0.25, 0, 1, -0.0], dtype)
    dy = of([[1, -1, 0.5, 2]] * len(ROWS), dtype)
    for eps in (1e-5,):
        # statistics as formulas: those of native_layer_norm make NaN of a row with one infinity
        case("layerNorm", lambda u, g, b, eps=eps: [F.layer_norm(u, [4], g, b, eps), u.mean(-1),
                                                    (u.var(-1, unbiased=False) + eps).rsqrt()],
             [x, gamma, beta], dtype, attrs={"eps": eps}, dys=[dy, None, None])

# ---- 5. products -------------------------------------------------------------------------------------------------------

LEFT = [[1, 0.0, 2], [INF, 1, 0.0], [-0.0, 0.0, -0.0], [NAN, 1, 1], [1e30, -1e30, 1], [1e-30, 1e-40, 3e38], [-INF, 2, 1]]
RIGHT = [[1, INF, 0.0, -1, 3], [0.0, 1, NAN, -0.0, 2], [2, 0.0, 1, -0.0, 1]]
for dtype in FLOATS:
    a, b = of(LEFT, dtype), of(RIGHT, dtype)
    for ta in (False, True):
        for tb in (False, True):
            case("matmul", lambda u, v, ta=ta, tb=tb: (u.t() if ta else u) @ (v.t() if tb else v),
                 [a.t().contiguous() if ta else a, b.t().contiguous() if tb else b], dtype,
                 attrs={"transposeA": ta, "transposeB": tb}, dys=[torch.ones(len(LEFT), 5)])


def conv(x, w, dtype, stride, padding, groups):
    def fn(u, v):
        return nhwc(F.conv2d(nchw(u), v.permute(3, 2, 0, 1), None, stride, padding, 1, groups))

    shape = fn(x, w).shape
    dy = (torch.arange(math.prod(shape), dtype=torch.float64) % 3 + 1).reshape(shape)
    attrs = {"stride": [stride] * 2, "padding": [padding] * 2, "dilation": [1, 1], "groups": groups}
    case("conv2d", fn, [x, w], dtype, attrs=attrs, dys=[dy])


for dtype in FLOATS:
    x = nhwc(of(PICTURES, dtype).unsqueeze(0)).contiguous()
    finite = torch.nan_to_num(x, 1.0, 3.0, -2.0).clamp(-8, 8)
    ones = torch.tensor([1.0, -0.5, 2.0, 0.0, 1.0, -1.0, 0.5, 1.0, -2.0])
    depthwise = ones.reshape(3, 3, 1, 1).repeat(1, 1, 1, 4).double()
    dense = torch.stack([ones.reshape(3, 3).double()] * 8, -1).reshape(3, 3, 4, 2)
    pointwise = of([[1, 0.0, -1], [0.5, 0, 1], [2, 0, -1], [1, 0, 1]], dtype).reshape(1, 1, 4, 3)
    conv(x, depthwise, dtype, 1, 0, 4)
    conv(x, dense, dtype, 1, 0, 1)
    conv(x, pointwise, dtype, 1, 0, 1)
    broken = pointwise.clone()
    broken[0, 0, 1, 1], broken[0, 0, 2, 2] = INF, NAN
    conv(finite, broken, dtype, 1, 0, 1)
    broken = depthwise.clone()
    broken[1, 1, 0, 0], broken[0, 2, 0, 2] = INF, NAN
    conv(finite, broken, dtype, 1, 0, 4)

    bias = of([0.5, -0.0, -3], dtype)
    for activation, end in (("none", lambda v: v), ("relu", torch.relu)):
        attrs = {"stride": [1, 1], "padding": [0, 0], "dilation": [1, 1], "groups": 1, "activation": activation}
        case("conv2dBias", lambda u, v, b, end=end: end(nhwc(F.conv2d(nchw(u), v.permute(3, 2, 0, 1), b))),
             [x, pointwise, bias], dtype, attrs=attrs, dys=[torch.ones(1, 4, 4, 3)])
    dy, y = pairs([0.0, -0.0, 1.0, -1.0, INF, NAN], dtype)
    dy, y = dy.reshape(6, 6), y.reshape(6, 6)
    case("biasReluGrad", lambda d, r: [torch.ops.aten.threshold_backward(d, r, 0), torch.ops.aten.threshold_backward(d, r, 0).sum(0)],
         [dy, y], dtype, wants=[False, False])

# ---- 6. moving numbers -------------------------------------------------------------------------------------------------

TABLE = [[0.0, -0.0, NAN], [INF, -INF, 1.0], [1e-40, -1e-40, 3e38], [-0.0, -0.0, -0.0]]
for dtype in FLOATS:
    x = of(TABLE, dtype)
    dy34 = of([[INF, 1, -0.0], [2, NAN, 3]], dtype)
    rows = t([3, 0], "int32")
    case("gather", lambda u, i: u[i.long()], [x, (rows, "int32")], dtype, dys=[dy34])
    case("scatterAdd", lambda d, i: torch.zeros(5, 3, dtype=d.dtype).index_add(0, i.long(), d),
         [x, (t([1, 4, 1, 0], "int32"), "int32")], dtype, attrs={"rows": 5}, dys=[torch.ones(5, 3)])
    case("oneHot", lambda i: F.one_hot(i.long(), 5).to(TORCH[dtype]), [(rows, "int32")], dtype,
         attrs={"depth": 5, "dtype": dtype})
    for value in (0.0, -0.0, INF, NAN):
        case("pad", lambda u, v=value: F.pad(u, (1, 0, 0, 2), value=v), [x], dtype,
             attrs={"before": [0, 1], "after": [2, 0], "value": encode_one(value, dtype)}, dys=[torch.ones(6, 4)])
    case("concat", lambda u, v: torch.cat([u, v], 1), [x, x[:, :2].contiguous()], dtype, attrs={"axis": 1},
         dys=[of([[1, INF, NAN, -0.0, 0.0]] * 4, dtype)])
    case("transpose", lambda u: u.t(), [x], dtype, attrs={"perm": [1, 0]}, dys=[x.t().contiguous()])
    case("slice", lambda u: u[1:3, 1:], [x], dtype, attrs={"begin": [1, 1], "size": [2, 2]}, dys=[of([[NAN, -0.0], [INF, 1]], dtype)])
    case("stridedSlice", lambda u: u.flip(0, 1)[::2], [x], dtype, attrs={"begin": [3, 2], "size": [2, 3], "step": [-2, -1]},
         dys=[of([[NAN, -0.0, 1], [INF, 1, -INF]], dtype)])
    along = t([[2, 0, 1], [3, 3, 0]], "int32")
    case("takeAlongAxis", lambda u, i: u.gather(0, i.long()), [x, (along, "int32")], dtype, attrs={"axis": 0}, dys=[dy34])
    case("takeAlongAxis", lambda u, i: u.gather(1, i.long()), [x, (t([[2], [0], [1], [1]], "int32"), "int32")], dtype,
         attrs={"axis": 1}, dys=[of([[INF], [-0.0], [NAN], [1]], dtype)])
    case("scatter", lambda u, i, s: u.scatter(0, i.long(), s), [x, (t([[2, 0, 1], [3, 1, 0]], "int32"), "int32"), dy34], dtype,
         attrs={"axis": 0}, dys=[of([[NAN, -0.0, 1], [INF, 1, -INF], [-0.0, NAN, 2], [1, INF, 0.0]], dtype)])
    case("reshape", lambda u: u.reshape(3, 4), [x], dtype, attrs={"shape": [3, 4]}, dys=[x.reshape(3, 4)])
    case("broadcastTo", lambda u: u.expand(2, 4, 3), [x], dtype, attrs={"shape": [2, 4, 3]}, dys=[torch.stack([x, x])])

# ---- 7. casts: only those that C defines -------------------------------------------------------------------------------

CAST = {
    ("float32", "float64"): SINGLE, ("float64", "float32"): DOUBLE + [1e39, -1e39, 1e-46, 7e-46, 3.4028235677973366e38, 0.1],
    ("float32", "int32"): [0.0, -0.0, 0.9, -0.9, 1.5, -1.5, 2147483520.0, -2147483648.0, 1e-40, -1e-30],
    ("float64", "int32"): [0.0, -0.0, 0.9, -0.9, 2147483647.0, 2147483647.5, -2147483648.0, -2147483648.5, 5e-324],
    ("float32", "uint8"): [0.0, -0.0, 0.9, 1.5, 255.0, 255.5, 1e-40], ("float64", "uint8"): [0.0, -0.0, 0.9, 255.0, 255.9],
    ("int32", "float32"): [2147483647, -2147483648, 16777217, 0, -1], ("int32", "float64"): [2147483647, -2147483648, 0],
    ("int32", "uint8"): [0, 255, 256, -1, 2147483647, -2147483648], ("uint8", "int32"): [0, 1, 128, 255],
    ("uint8", "float32"): [0, 1, 128, 255], ("uint8", "float64"): [0, 1, 128, 255],
}
for (source, target), values in CAST.items():
    x = t(values) if source == "float64" else f32(values) if source == "float32" else t(values, source)
    record = case("cast", lambda u, target=target, source=source: u.to(TORCH[source]).to(TORCH[target]), [x], source,
                  attrs={"dtype": target}, wants=[False], out=target)
    record.pop("single", None)

# ---- 8. ends of int32 and uint8 -----------------------------------------------------------------------------------------------------

ENDS = [0, 1, -1, 2, -7, 3, 65536, 46341, -46341, 123456789, 2147483647, -2147483648, -2147483647]
x = t(ENDS, "int32")
INTEGERS = {"neg": torch.neg, "abs": torch.abs, "sign": torch.sign, "square": lambda v: v * v, "relu": torch.relu}
for op, fn in INTEGERS.items():
    case(op, fn, [x], "int32")
a, b = x.repeat_interleave(len(ENDS)), x.repeat(len(ENDS))
for op in ("add", "sub", "mul", "maximum", "minimum"):
    case(op, BINARY[op], [a, b], "int32")
for op, fn in COMPARISONS.items():
    case(op, lambda u, v, fn=fn: fn(u, v).to(torch.int32), [a, b], "int32")
case("where", lambda m, u, v: torch.where(m != 0, u, v), [a, a, b], "int32")
for low, high in [(-2147483648, 2147483647), (-7, 65536), (3, -7)]:
    case("clamp", lambda u, low=low, high=high: torch.clamp(u, low, high), [x], "int32", attrs={"low": low, "high": high})
square = t([[2147483647, -2147483648, 0], [-2147483648, -2147483648, -2147483648], [2147483647, 2147483647, -1]], "int32")
for axis in (0, 1):
    for op in ("max", "min"):
        case(op, lambda u, op=op, axis=axis: REDUCTIONS[op](u, axis), [square], "int32", attrs={"axes": [axis], "keepDims": False})
    case("argmax", lambda u, axis=axis: torch.argmax(u, axis), [square], "int32", attrs={"axis": axis}, out="int32")
case("sum", lambda u: u.sum(1, dtype=torch.int32), [t([[2147483647, -2147483648, 5], [1, -1, 2147483646]], "int32")], "int32",
     attrs={"axes": [1], "keepDims": False})
case("transpose", lambda u: u.t(), [square], "int32", attrs={"perm": [1, 0]})
case("takeAlongAxis", lambda u, i: u.gather(1, i.long()), [square, (t([[2], [1], [0]], "int32"), "int32")], "int32",
     attrs={"axis": 1})
case("gather", lambda u, i: u[i.long()], [square, (t([2, 0], "int32"), "int32")], "int32")

BYTES = [0, 1, 2, 127, 128, 200, 255]
a, b = (v.to(torch.uint8) for v in (t(BYTES, "uint8").repeat_interleave(len(BYTES)), t(BYTES, "uint8").repeat(len(BYTES))))
for op in ("add", "sub", "mul", "maximum", "minimum"):
    case(op, BINARY[op], [a, b], "uint8", out="uint8")
for op, fn in COMPARISONS.items():
    case(op, lambda u, v, fn=fn: fn(u, v).to(torch.uint8), [a, b], "uint8", out="uint8")
case("neg", torch.neg, [t(BYTES, "uint8")], "uint8", out="uint8")
rows = t([BYTES, BYTES[::-1]], "uint8")
for op in ("max", "min"):
    case(op, lambda u, op=op: REDUCTIONS[op](u, 1), [rows], "uint8", attrs={"axes": [1], "keepDims": False}, out="uint8")
case("argmax", lambda u: torch.argmax(u, 1), [rows], "uint8", attrs={"axis": 1}, out="int32")
case("transpose", lambda u: u.t(), [rows], "uint8", attrs={"perm": [1, 0]}, out="uint8")

# ---- 9. updates: "outputs" are the operands afterwards -------------------------------------------------------------------

OPERAND = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 1e-30, 1e30, 0.5]


def sgd(p, v, g, lr, momentum, weightDecay, dampening, nesterov, isFirst, maximize):
    """torch.optim.sgd._single_tensor_sgd, with a buffer that exists after the first step."""
    if maximize:
        g = -g
    if weightDecay != 0:
        g = g.add(p, alpha=weightDecay)
    step = g
    if momentum != 0:
        v = g if isFirst else v.mul(momentum).add(g, alpha=1 - dampening)
        step = g.add(v, alpha=momentum) if nesterov else v
    else:
        v = g
    return [p.add(step, alpha=-lr), v]


def adam(p, m, v, top, g, lr, weightDecay, decoupled, beta1, beta2, eps, correction1, correction2, maximize):
    """torch.optim.adam._single_tensor_adam, and adamw's decay; `top` is None but for amsgrad."""
    if maximize:
        g = -g
    if decoupled:
        p = p.mul(1 - lr * weightDecay)
    elif weightDecay != 0:
        g = g.add(p, alpha=weightDecay)
    m = m.mul(beta1).add(g, alpha=1 - beta1)
    v = v.mul(beta2).addcmul(g, g, value=1 - beta2)
    largest = v if top is None else torch.maximum(top, v)
    denominator = (largest.sqrt() / math.sqrt(correction2)).add(eps)
    moved = p.addcdiv(m, denominator, value=-lr / correction1)
    return [moved, m, v] + ([] if top is None else [largest])


for dtype in FLOATS:
    a, b = pairs(OPERAND + TINY[dtype], dtype)
    nothing = [False, False]
    case("accumulate", torch.add, [a, b], dtype, wants=nothing)
    case("assign", lambda u, v: v.clone(), [a, b], dtype, wants=nothing)
    for value in (0.0, -0.0, INF, NAN, 1e-40, -1e30):
        x = of(OPERAND, dtype)
        case("fill", lambda u, value=value: torch.full_like(u, value), [x], dtype,
             attrs={"value": encode_one(value, dtype)}, wants=[False])
    for weight in (0.0, 5e-4, 0.1, 0.25, 0.5, 0.75, 1.0):
        # the numbers as they are in the tensors' dtype, so that both precisions compute one thing
        exact = float(np.float32(weight))
        case("lerp", lambda u, v, w=exact: torch.lerp(u, v, w), [a, b], dtype, attrs={"weight": exact}, wants=nothing)
    p, g = pairs([0.0, -0.0, 1.0, INF, NAN, 1e30, -0.5], dtype)
    for v in (0.0, 1.0, INF, NAN):
        velocity = torch.full_like(p, v)
        for lr, momentum, decay, dampening, nesterov, first, maximize in [
            (0.125, 0.875, 0.0, 0.0, False, False, False), (0.125, 0.875, 0.0625, 0.0, False, False, False),
            (0.125, 0.875, 0.0625, 0.0, True, False, True), (0.125, 0.875, 0.0, 0.0, True, False, False),
            (0.125, 0.0, 0.0, 0.0, False, False, True), (0.125, 0.0, 0.0625, 0.0, False, False, False),
            (0.125, 0.875, 0.0625, 0.5, False, False, False), (0.125, 0.875, 0.0625, 0.5, False, True, True),
            (0.0, 0.875, 0.0, 0.0, False, False, False),
        ]:
            attrs = {"lr": lr, "momentum": momentum, "weightDecay": decay, "dampening": dampening, "nesterov": nesterov, "isFirst": first,
                     "maximize": maximize}
            case("sgd", lambda p_, v_, g_, a_=attrs: sgd(p_, v_, g_, **a_), [p, velocity, g], dtype, attrs=attrs,
                 wants=[False] * 3)
    # powers of two, so that both precisions compute with the same numbers
    numbers = {"lr": 0.125, "beta1": 0.875, "beta2": 0.75, "correction1": 0.5, "correction2": 0.25}
    plain = {**numbers, "weightDecay": 0.0, "decoupled": False, "eps": 2.0**-10, "maximize": False}
    variants = [plain, {**plain, "weightDecay": 0.0625, "maximize": True}, {**plain, "weightDecay": 0.0625, "decoupled": True},
                {**plain, "decoupled": True, "eps": 0.0}]
    full = lambda value: torch.full_like(p, value)
    for m, v in [(0.0, 0.0), (1.0, 1.0), (INF, 1.0), (1.0, INF), (NAN, 1.0), (1.0, NAN)]:
        for attrs in variants:
            case("adam", lambda p_, m_, v_, g_, a_=attrs: adam(p_, m_, v_, None, g_, **a_), [p, full(m), full(v), g], dtype, attrs=attrs,
                 wants=[False] * 4)
    for v, top in [(0.0, 0.0), (1.0, 4.0), (4.0, 1.0), (1.0, INF), (INF, 1.0), (1.0, NAN), (NAN, 1.0)]:
        for attrs in variants[1:3]:
            case("amsgrad", lambda *xs, a_=attrs: adam(*xs, **a_), [p, full(1.0), full(v), full(top), g], dtype, attrs=attrs,
                 wants=[False] * 5)

# ---- 10. running sums and orders -----------------------------------------------------------------------------------------


def cumsum(x, axis, reverse, exclusive):
    y = torch.cumsum(x.flip(axis) if reverse else x, axis)
    if exclusive:
        zero = torch.zeros_like(y.narrow(axis, 0, 1))
        y = torch.cat([zero, y.narrow(axis, 0, y.shape[axis] - 1)], axis)
    return y.flip(axis) if reverse else y


for dtype in FLOATS:
    rows = of(ROWS, dtype)
    for axis, x in ((1, rows), (0, rows.t().contiguous())):
        for reverse, exclusive in ((False, False), (True, False), (False, True)):
            attrs = {"axis": axis, "reverse": reverse, "exclusive": exclusive}
            case("cumsum", lambda u, a=attrs: cumsum(u, **a), [x], dtype, attrs=attrs, dys=[torch.ones_like(x)])
    order = of([[NAN, 1, -INF, INF, 0.0, -0.0, NAN, 1, -1], [2, 2, NAN, 2, -INF, -INF, 1e-40, 0, INF]], dtype)
    for descending in (False, True):
        case("argsort", lambda u, d=descending: torch.sort(u, dim=-1, descending=d, stable=True)[1], [order], dtype,
             attrs={"descending": descending}, out="int32")
ends = t([[2147483647, -2147483648, 5, 5, -1]], "int32")
case("cumsum", lambda u: torch.cumsum(u, 1, dtype=torch.int32), [ends], "int32", attrs={"axis": 1, "reverse": False, "exclusive": False})
case("argsort", lambda u: torch.sort(u, dim=-1, stable=True)[1], [ends], "int32", attrs={"descending": False})
case("cumsum", lambda u: torch.cumsum(u, 1), [rows_of_bytes := t([BYTES, BYTES[::-1]], "uint8")], "uint8",
     attrs={"axis": 1, "reverse": False, "exclusive": False}, out="int32")
case("argsort", lambda u: torch.sort(u, dim=-1, descending=True, stable=True)[1], [rows_of_bytes], "uint8", attrs={"descending": True},
     out="int32")

# ---- writing -----------------------------------------------------------------------------------------------------------

counts, names = {}, {}


def each_list(visit):
    for c in cases:
        for part in c["inputs"] + c["outputs"]:
            part["values"] = visit(part["values"])
        for key in ("dys", "gradients"):
            if key in c:
                c[key] = [v if v is None else visit(v) for v in c[key]]


def count(values):
    key = json.dumps(values)
    counts[key] = counts.get(key, 0) + 1
    return values


def name(values):
    key = json.dumps(values)
    if counts[key] < 2 or len(key) < 16:
        return values
    return names.setdefault(key, "l%d" % len(names))


each_list(count)
each_list(name)
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "special-values.json")
with open(path, "w") as file:
    dump = lambda v: json.dumps(v, separators=(",", ":"))
    lines = ",\n".join('"%s":%s' % (n, dump(json.loads(key))) for key, n in names.items())
    file.write('{"torch":"1.13.0",\n"lists":{\n' + lines + '\n},\n"cases":[\n' + ",\n".join(dump(c) for c in cases) + "\n]}\n")
print(len(cases), "cases,", os.path.getsize(path), "bytes")

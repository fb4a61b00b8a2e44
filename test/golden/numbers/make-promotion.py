"""Result dtypes and values of mixed, integer and cast operands by PyTorch: promotion.json, beside this script.

A row is [op, operands, result] and, of a cast, the dtype: an operand is a number or [dtype, shape, values], the result [dtype, values] or null where
PyTorch refuses. Numbers that JSON has no word for, and integers beyond 2^53, are strings.
"""
import json
import math
import operator
import os

import torch

DTYPES = {"bool": torch.bool, "uint8": torch.uint8, "int32": torch.int32, "int64": torch.int64, "float32": torch.float32, "float64": torch.float64}
NAMES = {v: k for k, v in DTYPES.items()}
# exact in their dtypes, apart, and outside each other's ranges
SAMPLES = {"bool": [False, True], "uint8": [3, 200], "int32": [-7, 100000], "int64": [2**31 + 5, -(2**40)], "float32": [1.5, -0.25], "float64": [0.1, 3e10]}
# whole numbers are integers here: JavaScript cannot tell 2 from 2.0
NUMBERS = [True, 2, -1, 2.5, math.nan, math.inf, -math.inf]
INT_ENDS = [0, 1, -1, 2, 3, 46341, 65536, 123456789, -123456789, 2**31 - 1, -(2**31)]
BYTE_ENDS = [0, 1, 2, 16, 100, 127, 128, 200, 255]
FLOATS = [0.0, -0.0, 0.5, -0.5, 0.999, -0.999, 1.5, -1.5, 2.5, 127.5, 128.0, 200.0, 255.0, 255.99, 256.0, 300.7, -1.0, -200.3,
          -256.5, 65535.5, 16777217.0, 2147483520.0, 2147483647.0, 2147483648.0, -2147483648.0, -2147483649.0, 3e9, 3000000001.0,
          -3e9, -3000000001.0, 1e15 + 3, 1e20, -1e20, 1e38, 1e300, 1e-40, 1e-300, 0.1, math.nan, math.inf, -math.inf]


def number(v):
    if isinstance(v, float) and not math.isfinite(v):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(v, "NaN")
    if isinstance(v, int) and abs(v) > 2**53:
        return str(v)
    return "-0" if v == 0 and math.copysign(1, v) < 0 else v


def operand(x):
    if not isinstance(x, torch.Tensor):
        return number(x)
    return [NAMES[x.dtype], list(x.shape), [number(v) for v in x.flatten().tolist()]]


rows = []


def row(op, operands, compute, dtype=None):
    try:
        y = compute(*operands)
        result = [NAMES[dtype or y.dtype], [number(v) for v in y.flatten().tolist()]]
    except (RuntimeError, TypeError):
        result = None
    rows.append([op, [operand(x) for x in operands], result])


ARITHMETIC = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "pow": operator.pow}
TENSORS_ONLY = {"fmod": torch.fmod, "remainder": torch.remainder, "maximum": torch.maximum, "minimum": torch.minimum, "concat": lambda a, b: torch.cat([a, b]),
                "stack": lambda a, b: torch.stack([a, b])}
# without rows of gradients: PyTorch has none, or rounds in float32 on the way
VALUES_ONLY = {"atan2": torch.atan2, "floorDivide": torch.floor_divide}
COMPARISONS = {"equal": operator.eq, "notEqual": operator.ne, "less": operator.lt, "lessEqual": operator.le,
               "greater": operator.gt, "greaterEqual": operator.ge}


def sample(dtype, rank):
    values = SAMPLES[dtype]
    return torch.tensor(values if rank else values[1], dtype=DTYPES[dtype])


def every_binary(a, b):
    for op, compute in ARITHMETIC.items():
        row(op, [a, b], compute)
    # the dtype that the six compare in is one and the same
    few = isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) and 0 in (a.dim(), b.dim())
    for op, compute in COMPARISONS.items():
        if op == "less" or not few:
            row(op, [a, b], compute)


BITWISE = {"bitwiseAnd": torch.bitwise_and, "bitwiseOr": torch.bitwise_or, "bitwiseXor": torch.bitwise_xor,
           "bitwiseLeftShift": torch.bitwise_left_shift, "bitwiseRightShift": torch.bitwise_right_shift}
COUNTS = [0, 1, 2, 7, 8, 9, 24, 31, 32, 33, 63, 64, 65, 200]

for left in DTYPES:
    for right in DTYPES:
        for ranks in [(1, 1), (1, 0), (0, 1), (0, 0)]:
            a, b = sample(left, ranks[0]), sample(right, ranks[1])
            every_binary(a, b)
            for op, compute in {**TENSORS_ONLY, **VALUES_ONLY}.items():
                if op in ("concat", "stack") and 0 in ranks:
                    continue
                # a division by an integer 0, which PyTorch throws at and the engine answers with 0
                by_zero = bool((b.to(torch.result_type(a, b)) == 0).any())
                if op in ("fmod", "remainder", "floorDivide") and ("bool" in (left, right) or by_zero):
                    continue
                row(op, [a, b], compute)
            mask = torch.tensor([1, 0], dtype=torch.uint8)
            row("where", [mask, a, b], lambda m, p, q: torch.where(m != 0, p, q))
    for rank in (1, 0):
        x = sample(left, rank)
        for value in NUMBERS:
            # a negative number beside bytes is refused by the engine; PyTorch wraps it
            if left == "uint8" and value == -1:
                continue
            every_binary(x, value)
            if rank == 1:
                every_binary(value, x)
            mask = torch.tensor([0.4, 0.0], dtype=torch.float64)
            row("where", [mask, x, value], lambda m, p, q: torch.where(m != 0, p, q))

masks = {"bool": [False, True, True, False, True, False], "float32": [0.4, 256.0, -0.0, math.nan, 0.0, 1e-45], "float64": [0.4, 256.0, -0.0, math.nan, 0.0, 5e-324],
         "int32": [0, 1, -1, 256, 65536, -(2**31)], "int64": [0, 1, -1, 2**32, 2**53 + 1, -(2**63)], "uint8": [0, 1, 2, 128, 255, 0]}
for dtype, values in masks.items():
    for branches in DTYPES:
        a, b = torch.full((6,), 3).to(DTYPES[branches]), torch.full((6,), 5).to(DTYPES[branches])
        row("where", [torch.tensor(values, dtype=DTYPES[dtype]), a, b], lambda m, p, q: torch.where(m != 0, p, q))

for dtype in ("int32", "float32"):
    x = torch.tensor([5, -5, 0], dtype=DTYPES[dtype])
    for low, high in [(-1.5, math.inf), (-1, 3), (0.5, 3), (-math.inf, 2), (-2, 2.5)]:
        row("clamp", [x, low, high], torch.clamp)

LONG_ENDS = [0, 1, -1, 2, 3, 3037000500, 2**32, 2**53 + 1, -(2**53) - 1, 2**62 + 2**38 + 1, 2**63 - 1, -(2**63)]
ENDS = {"int32": INT_ENDS, "int64": LONG_ENDS, "uint8": BYTE_ENDS, "bool": [False, True, True]}
UNARY = {name: getattr(torch, name) for name in
         "neg abs sign floor ceil round exp log sqrt rsqrt square reciprocal sin cos tanh sigmoid relu "
         "erf asin acos atan asinh acosh atanh log1p log2 log10 tan sinh cosh expm1 exp2".split()}
UNARY.update({"silu": torch.nn.functional.silu, "mish": torch.nn.functional.mish, "hardswish": torch.nn.functional.hardswish,
              "hardsigmoid": torch.nn.functional.hardsigmoid})
for dtype, values in ENDS.items():
    ends = torch.tensor(values, dtype=DTYPES[dtype])
    for op, compute in UNARY.items():
        # sin and cos of numbers beyond float32's exact integers are about the rounding of the argument, tested elsewhere
        few = ends[ends.double().abs() < 1000] if op in ("sin", "cos", "tan") else ends
        row(op, [few], compute)
    row("bitwiseNot", [ends], torch.bitwise_not)
    row("sum", [ends], torch.sum)
    row("mean", [ends], torch.mean)
    row("max", [ends], torch.amax)
    row("min", [ends], torch.amin)
    # the first is 0, which would be every product
    for op, compute in {"any": torch.any, "all": torch.all, "prod": torch.prod}.items():
        row(op, [ends[1:]], compute)
    row("all", [ends], torch.all)
    for op, compute in {"cumsum": torch.cumsum, "cumprod": torch.cumprod, "argmax": torch.argmax, "argmin": torch.argmin}.items():
        row(op, [ends[1:], 0], lambda x, axis, op=compute: op(x, axis))
    row("sort", [ends.flip(0), 0], lambda x, axis: torch.sort(x, axis)[0])
    row("softmax", [ends], lambda x: torch.softmax(x, 0))
    row("logSoftmax", [ends], lambda x: torch.log_softmax(x, 0))
    n = len(values)
    a, b = ends.reshape(n, 1).expand(n, n).flatten().contiguous(), ends.repeat(n)
    for op in ("add", "sub", "mul", "div"):
        row(op, [a, b], ARITHMETIC[op])
    for op in ("maximum", "minimum"):
        row(op, [a, b], TENSORS_ONLY[op])
    for op, compute in COMPARISONS.items():
        row(op, [a, b], compute)
    for op in ("bitwiseAnd", "bitwiseOr", "bitwiseXor"):
        row(op, [a, b], BITWISE[op])
    counts = torch.tensor(COUNTS + ([-1, -31, -64] if dtype in ("int32", "int64") else []), dtype=DTYPES[dtype])
    for op in ("bitwiseLeftShift", "bitwiseRightShift"):
        row(op, [ends.repeat_interleave(len(counts)), counts.repeat(n)], BITWISE[op])
    if dtype != "bool":
        divisor = b.where((b != 0) & (b != -1), torch.full_like(b, 3))
        for op in ("fmod", "remainder"):
            row(op, [a, divisor], TENSORS_ONLY[op])
        row("floorDivide", [a, divisor], torch.floor_divide)
    powers = torch.tensor([0, 1, 2, 3, 7, 31, 32, 40] + ([-1, -2, -3] if dtype in ("int32", "int64") else []), dtype=DTYPES[dtype])
    if dtype == "bool":
        continue
    p = len(powers)
    row("pow", [ends.reshape(n, 1).expand(n, p).flatten().contiguous(), powers.repeat(n)], torch.pow)
    row("pow", [ends, -1], torch.pow)
    row("pow", [ends, 5], torch.pow)
    row("pow", [2, powers], torch.pow)
    left, right = ends[:6].reshape(2, 3), ends[-6:].reshape(3, 2)
    row("matmul", [left.contiguous(), right.contiguous()], torch.matmul)
    if dtype == "int64":  # beyond 2^53 the engine refuses convolutions
        continue
    image, kernel = ends[-4:].reshape(1, 2, 2, 1), ends[-8:-4].reshape(2, 2, 1, 1)
    row("conv2d", [image.contiguous(), kernel.contiguous()],
        lambda x, w: torch.nn.functional.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1)))

for source in DTYPES:
    values = ENDS.get(source) or FLOATS
    if source == "float32":
        values = torch.tensor(FLOATS, dtype=torch.float32).tolist()
    x = torch.tensor(values, dtype=DTYPES[source])
    for target in DTYPES:
        row("cast", [x], lambda v, to=DTYPES[target]: v.to(to))
        rows[-1].append(target)

for op, compute in BITWISE.items():
    for left, right in [("uint8", "int32"), ("int32", "int64"), ("int64", "bool"), ("bool", "uint8"), ("float32", "int32"), ("int32", "float64")]:
        for ranks in [(1, 1), (1, 0)]:
            row(op, [sample(left, ranks[0]), sample(right, ranks[1])], compute)
    for dtype in DTYPES:
        for value in (True, 3, 2.5):
            row(op, [sample(dtype, 1), value], compute)
for dtype in ("float32", "float64"):
    row("bitwiseNot", [sample(dtype, 1)], torch.bitwise_not)

# the gradient of the sum of the result's squares: [op, operands, one gradient per operand, null for integers and numbers]
gradients = []
for left, right in [("float32", "float64"), ("float64", "float32"), ("float32", "int32"), ("uint8", "float64"), ("float32", 2.5)]:
    for ranks in [(1, 1), (1, 0), (0, 1)]:
        a, b = (x if isinstance(x, float) else sample(x, rank) for x, rank in zip((left, right), ranks))
        if isinstance(b, float) and ranks != (1, 1):
            continue
        leaves = [x.clone().requires_grad_() if isinstance(x, torch.Tensor) and x.is_floating_point() else x for x in (a, b)]
        for op, compute in {**ARITHMETIC, **({} if isinstance(b, float) else TENSORS_ONLY)}.items():
            # negative bases have no gradient for a real power
            if op == "pow" or (op in ("concat", "stack") and 0 in ranks):
                continue
            y = compute(*leaves)
            wanted = [x for x in leaves if isinstance(x, torch.Tensor) and x.requires_grad]
            found = list(torch.autograd.grad((y * y).sum(), wanted))
            answers = [operand(found.pop(0)) if isinstance(x, torch.Tensor) and x.requires_grad else None for x in leaves]
            gradients.append([op, [operand(x) for x in (a, b)], answers])

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "promotion.json"), "w") as file:
    lines = ",\n".join(json.dumps(r, separators=(",", ":"), allow_nan=False) for r in rows)
    slopes = ",\n".join(json.dumps(r, separators=(",", ":"), allow_nan=False) for r in gradients)
    file.write(f'{{"torch": "{torch.__version__}", "rows": [\n{lines}\n], "gradients": [\n{slopes}\n]}}\n')

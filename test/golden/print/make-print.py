"""
How PyTorch prints tensors: shapes, dtypes, ranges of numbers, special values, print options. test/tensor/print.test.ts prints the same.
Usage: python3 test/golden/print/make-print.py
"""
import json
import math
import os
import random

import torch

random.seed(5)
torch.set_num_threads(1)
cases = []


def plain(value):
    if isinstance(value, bool) or isinstance(value, int):
        return str(value) if abs(value) > 2**53 else value
    return value if math.isfinite(value) else str(value)


def add(x, **options):
    torch.set_printoptions(profile="default", sci_mode=None)
    torch.set_printoptions(**options)
    text = repr(x)
    torch.set_printoptions(profile="default", sci_mode=None)
    names = {"edgeitems": "edgeItems", "linewidth": "lineWidth", "sci_mode": "sciMode"}
    cases.append(
        {
            "shape": list(x.shape),
            "dtype": str(x.dtype).removeprefix("torch."),
            "values": [plain(v) for v in x.detach().reshape(-1).tolist()],
            "requiresGrad": x.requires_grad,
            "options": {names.get(name, name): value for name, value in options.items()},
            "text": text,
        }
    )


def f32(values, shape=None):
    x = torch.tensor(values, dtype=torch.float32)
    return x if shape is None else x.reshape(shape)


for values in (
    3.0,
    0.1,
    -2.5,
    0.0,
    -0.0,
    float("nan"),
    float("-inf"),
    1e-5,
    123456789.0,
    [1.0, 2.0],
    [1.0, 2.5],
    [0.0, 0.0],
    [0.0, -0.0, 0.5],
    [1e-5, 1.0],
    [1e-4, 0.05],
    [1.0, 1000.0],
    [1.0, 1001.0],
    [0.5, 500.0],
    [0.5, 500.5],
    [1e9, 1.5],
    [3e8, 2e8],
    [-1.5, 22.25],
    [float("nan"), 1.0, 2.0],
    [float("inf"), -1.0, 0.5],
    [float("nan"), float("inf"), float("-inf")],
    [float("nan"), 0.0],
    # exact halves at the last place
    [0.03125, 0.09375, 0.00390625],
    [100005.0, 100015.0, 1.0],
    [1e-40, 1.0],
    [3.4e38, 1e-38],
    [-1000.0, 7.0],
    [],
):
    add(f32(values))
for dtype in (torch.float64, torch.int64, torch.int32, torch.uint8, torch.bool):
    add(torch.tensor([0, 1, 1], dtype=dtype))
    add(torch.tensor(1, dtype=dtype))
    add(torch.zeros(0, dtype=dtype))
    add(torch.zeros(2, 0, dtype=dtype))
add(torch.tensor([[-1, 20], [300, 4000]], dtype=torch.int32))
add(torch.tensor([2**62, -1]))
add(torch.tensor([True, False, True]).reshape(3, 1))
for shape in ((2, 3), (3, 1), (2, 2, 2), (2, 1, 2, 2), (1, 30), (2, 12), (0, 3), (60,)):
    count = math.prod(shape)
    for spread in (1, 10, 5000):
        add(f32([random.gauss(0, spread) for _ in range(count)], shape))
for width in (20, 40, 79, 80, 81, 120):
    add(f32([random.gauss(0, 1) for _ in range(24)], (2, 12)), linewidth=width)
for digits in (0, 2, 7):
    for values in ([1.0, 2.0], [0.125, 2.5, 100.0], [1e-5, 3.0]):
        add(f32(values), precision=digits)
for sci in (True, False):
    for values in ([1.0, 2.0], [0.25, 2.5], [1e-7, 1e7], [1e25, 0.5], [0.0, float("inf")]):
        add(f32(values), sci_mode=sci)
for shape in ((11,), (7, 2), (2, 8), (8, 7, 2), (7, 7, 7)):
    for edge in (1, 2, 3):
        add(f32([random.gauss(0, 10) for _ in range(math.prod(shape))], shape), threshold=10, edgeitems=edge)
add(torch.arange(40, dtype=torch.int64).reshape(5, 8), threshold=20, edgeitems=2)
for dtype in (torch.float32, torch.float64):
    add(torch.tensor([1.0, 2.5], dtype=dtype, requires_grad=True))
    add(torch.rand(2, 9, dtype=dtype).requires_grad_())

with open(os.path.join(os.path.dirname(__file__), "print.json"), "w") as file:
    json.dump({"torch": torch.__version__, "cases": cases}, file, separators=(",", ":"))
    file.write("\n")
print(len(cases), "cases")

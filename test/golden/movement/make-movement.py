#!/usr/bin/env python3
"""
Writes movement.json: what PyTorch makes of ops that move numbers, by position, by index, by axis: values, and gradients in
float64. Made with PyTorch 1.13.0 (Debian 12) on x86-64.

A case names a function here, its arguments as JSON ("x0" stands for the first input), shapes of the inputs, and the results.
Inputs are counted: element i of input k is ((i * 7 + k * 5) % 23 - 9) / 4, all of them exact in float32; integer inputs are
written out. "dtype" is that of the counted inputs: integers take 4 times the number. A gradient is that of the sum of the results
times weights (i % 7 - 3).
"""
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

random = np.random.RandomState(17)
TORCH = {"float64": torch.float64, "int32": torch.int32, "uint8": torch.uint8}
cases = []


def counted(shape, k, dtype):
    n = int(np.prod(shape))
    v = (np.arange(n) * 7 + k * 5) % 23
    v = v if dtype == "uint8" else v - 9
    values = torch.tensor(v, dtype=torch.float64)
    values = values / 4 if dtype == "float64" else values
    return values.reshape(shape).to(TORCH[dtype])


def weighted(ys):
    return sum((y * ((torch.arange(y.numel()) % 7 - 3).reshape(y.shape))).sum() for y in ys)


def plain(t):
    return [int(v) if v == int(v) else v for v in t.detach().reshape(-1).tolist()]


def case(name, args, shapes, fn, ints=(), dtypes=("float64", "int32", "uint8")):
    """fn(*counted inputs, *ints); args is how the function here is called, inputs as "x0", "x1", integer ones as "i0"."""
    for dtype in dtypes:
        xs = [counted(s, k, dtype) for k, s in enumerate(shapes)]
        indices = [torch.as_tensor(i) for i in ints]
        if dtype == "float64":
            xs = [x.requires_grad_() for x in xs]
        ys = fn(*xs, *indices)
        ys = list(ys) if isinstance(ys, (list, tuple)) else [ys]
        record = {"name": name, "args": args, "dtype": dtype, "shapes": [list(s) for s in shapes]}
        if ints:
            record["ints"] = [{"shape": list(i.shape), "values": plain(i)} for i in indices]
        record["results"] = [{"shape": list(y.shape), "values": plain(y)} for y in ys]
        if dtype == "float64" and any(y.requires_grad for y in ys):
            grads = torch.autograd.grad(weighted(ys), xs, allow_unused=True)
            record["gradients"] = [plain(torch.zeros_like(x) if g is None else g) for x, g in zip(xs, grads)]
        cases.append(record)


def index(shape, limit):
    return random.randint(0, limit, size=shape).tolist()


# ---- along an axis -----------------------------------------------------------------------------------------------------

for shape, axis, inner in [([5], 0, [7]), ([4, 3], 0, [2, 3]), ([4, 3], 1, [4, 5]), ([4, 3], -1, [2, 5]), ([2, 4, 3], 1, [2, 6, 2]),
                           ([3, 2, 4], 0, [5, 1, 3]), ([2, 3], 1, [0, 4])]:
    i = index(inner, shape[axis])
    case("gather", ["x0", axis, "i0"], [shape], lambda x, i, a=axis: x.gather(a, i), [torch.tensor(i).reshape(inner)])
    source = [n + 1 for n in inner]
    case("scatterAdd", ["x0", axis, "i0", "x1"], [shape, source],
         lambda x, s, i, a=axis: x.scatter_add(a, i, s[tuple(slice(n) for n in i.shape)]), [torch.tensor(i).reshape(inner)])
for shape, axis, inner in [([5], 0, [3]), ([4, 3], 0, [2, 3]), ([4, 3], 1, [4, 2]), ([4, 3], -1, [2, 2]), ([2, 4, 3], 1, [2, 3, 2])]:
    # places named once: PyTorch leaves the others undefined
    order = np.argsort(random.rand(*[shape[axis] if a == axis % len(shape) else n for a, n in enumerate(inner)]), axis=axis)
    i = torch.tensor(order).narrow(axis, 0, inner[axis])
    case("scatter", ["x0", axis, "i0", "x1"], [shape, inner], lambda x, s, i, a=axis: x.scatter(a, i, s), [i])
    case("scatter", ["x0", axis, "i0", 3], [shape], lambda x, i, a=axis: x.scatter(a, i, 3), [i])
for shape, inner, axis in [([3, 4], [3, 1], 1), ([3, 4], [1, 5], 1), ([1, 4, 2], [3, 2, 2], 1), ([2, 3], [2, 3], 0)]:
    i = torch.tensor(index(inner, shape[axis]))
    case("takeAlongAxis", ["x0", "i0", axis], [shape], lambda x, i, a=axis: torch.take_along_dim(x, i, a), [i])
for shape, axis, count in [([5], 0, 4), ([4, 3], 1, 5), ([2, 3, 4], -2, 2), ([3, 2], 0, 0)]:
    i = torch.tensor(index([count], shape[axis]), dtype=torch.int64)
    case("indexSelect", ["x0", axis, "i0"], [shape], lambda x, i, a=axis: x.index_select(a, i), [i])

# ---- ranges ------------------------------------------------------------------------------------------------------------


def sliced(x, spec):
    """x[spec] with negative steps, which PyTorch has not: NumPy's positions, PyTorch's gather."""
    positions = np.arange(x.numel()).reshape(tuple(x.shape))
    chosen = eval("positions[%s]" % spec.replace("None", "np.newaxis"))
    return x.reshape(-1)[torch.tensor(np.array(chosen).reshape(-1))].reshape(np.shape(chosen))


for shape, spec in [([7], "1:5"), ([7], "::-1"), ([7], "-2::-2"), ([7], "10:2:-3"), ([7], "5:2"), ([7], "-100:100:3"), ([7], "3"),
                    ([4, 5], "1:, ::-1"), ([4, 5], "-1"), ([4, 5], ":, -2"), ([4, 5], "..., 1:4:2"), ([4, 5], "None, 2, None, ::2"),
                    ([3, 4, 5], "1:, ::-1, -3:"), ([3, 4, 5], "::-1, 1, ::2"), ([3, 4, 5], "0, ..., -1"), ([3, 4, 5], "..., None"),
                    ([2, 3, 4, 2], "::-1, ::2, ::-3, ::-1"), ([2, 3, 2, 3, 2], "::-1, ::2, ::-1, ::-2, ::-1"), ([0, 3], "::-1, 1:"),
                    ([3, 3], "3:, 0"), ([2, 3, 4], "1, 2, 3")]:
    case("at", ["x0", spec], [shape], lambda x, s=spec: sliced(x, s))
for shape, axis, at in [([4, 3], 0, 2), ([4, 3], -1, -3), ([2, 3, 4], 1, 0)]:
    case("select", ["x0", axis, at], [shape], lambda x, a=axis, i=at: x.select(a, i))
for shape, axis, start, length in [([6], 0, 2, 3), ([4, 3], 1, -2, 2), ([2, 5, 3], 1, 1, 0)]:
    case("narrow", ["x0", axis, start, length], [shape],
         lambda x, a=axis, s=start, n=length: x.narrow(a, s if s >= 0 else s + x.shape[a], n))
for shape, sizes, axis in [([7], 3, 0), ([2, 6], 3, 1), ([2, 6], [1, 3, 2], 1), ([2, 6], [0, 6], -1), ([4, 2, 3], 5, 0)]:
    case("split", ["x0", sizes, axis], [shape], lambda x, s=sizes, a=axis: torch.split(x, s, a))
for shape, chunks, axis in [([7], 3, 0), ([2, 6], 4, 1), ([2, 5], 9, -1), ([5, 2], 1, 0)]:
    case("chunk", ["x0", chunks, axis], [shape], lambda x, c=chunks, a=axis: torch.chunk(x, c, a))
case("unbind", ["x0", 1], [[2, 3, 2]], lambda x: torch.unbind(x, 1))
for shape, axes in [([5], [0]), ([3, 4], [1]), ([2, 3, 4], [0, -1]), ([2, 3, 4], [1]), ([2, 3], []), ([1, 3, 1], [0, 2])]:
    case("flip", ["x0", axes], [shape], lambda x, a=axes: torch.flip(x, a))

# ---- axes --------------------------------------------------------------------------------------------------------------

case("squeeze", ["x0"], [[1, 3, 1, 2]], lambda x: x.squeeze())
for axis in (0, 1, -2):
    case("squeeze", ["x0", axis], [[1, 3, 1, 2]], lambda x, a=axis: x.squeeze(a))
for axis in (0, 1, -1):
    case("unsqueeze", ["x0", axis], [[3, 2]], lambda x, a=axis: x.unsqueeze(a))
for start, end in [(0, -1), (1, 2), (1, -1), (2, 2)]:
    case("flatten", ["x0", start, end], [[2, 3, 4]], lambda x, s=start, e=end: x.flatten(s, e))
case("flatten", ["x0"], [[]], lambda x: x.flatten())
case("unflatten", ["x0", 1, [3, -1]], [[2, 6]], lambda x: x.unflatten(1, (3, -1)))
case("unflatten", ["x0", -1, [2, 1, 3]], [[2, 6]], lambda x: x.unflatten(-1, (2, 1, 3)))
case("permute", ["x0", [2, 0, -2]], [[2, 3, 4]], lambda x: x.permute(2, 0, -2))
case("swapAxes", ["x0", 0, -1], [[2, 3, 4]], lambda x: x.transpose(0, -1))
case("swapAxes", ["x0", 1, 1], [[2, 3, 4]], lambda x: x.transpose(1, 1))
case("moveAxis", ["x0", 0, -1], [[2, 3, 4]], lambda x: x.movedim(0, -1))
case("moveAxis", ["x0", [0, 3], [2, 0]], [[2, 3, 4, 2]], lambda x: x.movedim((0, 3), (2, 0)))
case("expand", ["x0", [2, -1, 4]], [[3, 1]], lambda x: x.expand(2, -1, 4))
case("expand", ["x0", [3, 2]], [[]], lambda x: x.expand(3, 2))
for shape, reps in [([2], [3]), ([2, 3], [2]), ([2, 3], [2, 1, 2]), ([2, 3], [1, 0]), ([], [2])]:
    case("tile", ["x0", reps], [shape], lambda x, r=reps: x.tile(r))
case("repeat", ["x0", [2, 1, 3]], [[2, 2]], lambda x: x.repeat(2, 1, 3))
case("repeatInterleave", ["x0", 2], [[2, 3]], lambda x: x.repeat_interleave(2))
case("repeatInterleave", ["x0", 3, 1], [[2, 3]], lambda x: x.repeat_interleave(3, 1))
case("repeatInterleave", ["x0", [2, 0, 1], -1], [[2, 3]], lambda x: x.repeat_interleave(torch.tensor([2, 0, 1]), -1))
case("repeatInterleave", ["x0", "i0", 0], [[3, 2]], lambda x, i: x.repeat_interleave(i, 0), [[1, 3, 0]])
for shape, shifts, axes in [([5], 2, 0), ([5], -7, 0), ([3, 4], [1, -1], [0, 1]), ([3, 4], [1, 2], [1, 1]), ([2, 3, 4], -1, -2)]:
    case("roll", ["x0", shifts, axes], [shape], lambda x, s=shifts, a=axes: torch.roll(x, s, a))
case("roll", ["x0", 5], [[3, 4]], lambda x: torch.roll(x, 5))

# ---- padding: PyTorch's pairs come from the last axis on, and its modes want images --------------------------------------


def padded(x, widths, mode):
    flat = [w for pair in reversed(widths) for w in pair]
    if mode == "constant":
        return F.pad(x, flat, value=2)
    return F.pad(x[None, None], flat, mode=mode)[0, 0]


for widths in ([[1, 2], [0, 3]], [[-1, 0], [2, -2]], [[0, -1], [-1, 0]], [[-2, -1], [0, 0]]):
    options = {"mode": "constant", "value": 2}
    case("pad", ["x0", widths, options], [[4, 5]], lambda x, w=widths: padded(x, w, "constant"))
for mode in ("reflect", "replicate", "circular"):
    for widths in ([[1, 2], [3, 0]], [[3, 3], [2, 4]], [[0, 0], [0, 1]], [[2, 1], [0, 0]]):
        case("pad", ["x0", widths, {"mode": mode}], [[4, 5]], lambda x, w=widths, m=mode: padded(x, w, m), dtypes=("float64",))
for mode in ("reflect", "replicate"):
    for widths in ([[2, -1]], [[-1, 2]], [[-2, -1]]):
        case("pad", ["x0", widths, {"mode": mode}], [[5]], lambda x, w=widths, m=mode: F.pad(x[None, None], w[0], mode=m)[0, 0], dtypes=("float64",))

# ---- triangles, diagonals, masks -----------------------------------------------------------------------------------------

for shape in ([3, 4], [4, 3], [2, 3, 3]):
    for k in (-5, -1, 0, 2):
        case("tril", ["x0", k], [shape], lambda x, k=k: x.tril(k), dtypes=("float64", "int32"))
        case("triu", ["x0", k], [shape], lambda x, k=k: x.triu(k), dtypes=("float64", "int32"))
for shape, offset, a, b in [([3, 4], 0, 0, 1), ([3, 4], 1, 0, 1), ([3, 4], -2, 0, 1), ([3, 4], 7, 0, 1), ([2, 3, 4], 1, -2, -1),
                            ([3, 2, 4], -1, 2, 0)]:
    if offset == 7:
        offset = 4
    case("diagonal", ["x0", offset, a, b], [shape], lambda x, o=offset, a=a, b=b: x.diagonal(o, a, b))
for shape, k in [([3], 0), ([3], 1), ([2], -2), ([3, 4], -1), ([3, 4], 0), ([0], 0)]:
    case("diag", ["x0", k], [shape], lambda x, k=k: x.diag(k))
case("maskedFill", ["x0", "i0", 7], [[3, 4]], lambda x, m: x.masked_fill(m.bool(), 7), [index([3, 4], 2)])
case("maskedFill", ["x0", "i0", 7], [[2, 3, 4]], lambda x, m: x.masked_fill(m.bool(), 7), [index([3, 1], 2)])
case("maskedSelect", ["x0", "i0"], [[3, 4]], lambda x, m: x.masked_select(m.bool()), [index([3, 4], 2)])
case("maskedSelect", ["x0", "i0"], [[3, 1]], lambda x, m: x.masked_select(m.bool()), [index([4], 2)])
case("nonzero", ["i0"], [], lambda m: m.nonzero(), [index([3, 4, 2], 2)], dtypes=("int32",))
case("meshgrid", [["x0", "x1"], "ij"], [[2], [3]], lambda x, y: torch.meshgrid(x, y, indexing="ij"))
case("meshgrid", [["x0", "x1", "x2"], "xy"], [[2], [3], [1]], lambda *xs: torch.meshgrid(*xs, indexing="xy"))

# ---- products by named axes ----------------------------------------------------------------------------------------------

for equation, *shapes in [("ij,jk->ik", [2, 3], [3, 4]), ("ij,jk", [2, 3], [3, 4]), ("bij,bjk->bik", [2, 2, 3], [2, 3, 2]),
                          ("ii", [3, 3]), ("ii->i", [3, 3]), ("ij->ji", [2, 3]), ("ij->", [2, 3]), ("ba", [2, 3]),
                          ("i,j->ij", [2], [3]), ("i,i->", [3], [3]), ("i,i->i", [3], [3]), ("bqhd,bkhd->bhqk", [2, 3, 2, 4], [2, 2, 2, 4]),
                          ("bhqk,bkhd->bqhd", [2, 2, 3, 2], [2, 2, 2, 4]), ("...ij,...jk->...ik", [2, 1, 2, 3], [3, 3, 2]),
                          ("...i,...i->...", [2, 3], [2, 3]), ("i...->...", [2, 3]), ("ij,jk,kl->il", [2, 3], [3, 2], [2, 4]),
                          ("ij,ij,ij->j", [2, 3], [2, 3], [2, 3]), ("ijk,jil->kl", [2, 3, 2], [3, 2, 4]), ("iij,jk->ik", [2, 2, 3], [3, 2]),
                          ("ik,k->", [2, 3], [3]), ("ij,kl->il", [2, 3], [2, 2]), ("ij,j->ij", [2, 1], [3]), (",ij->ij", [], [2, 2]),
                          ("bn,anm,bm->ba", [2, 3], [2, 3, 4], [2, 4])]:
    case("einsum", [equation] + ["x%d" % k for k in range(len(shapes))], shapes, lambda *xs, e=equation: torch.einsum(e, *xs),
         dtypes=("float64",))
case("outer", ["x0", "x1"], [[2], [3]], lambda a, b: torch.outer(a, b))
case("dot", ["x0", "x1"], [[4], [4]], lambda a, b: torch.dot(a, b), dtypes=("float64", "int32"))

# ---- made ----------------------------------------------------------------------------------------------------------------

made = lambda name, args, fn, dtype: case(name, args, [], fn, dtypes=(dtype,))
for args in ([2, 7], [1, 8, 3], [5, -3, -2], [-2, 2]):
    made("arange", args, lambda a=args: torch.arange(*a, dtype=torch.int32), "int32")
for args in ([0, 1, 0.25], [1.5, -1, -0.5], [0.5, 3]):
    made("arange", args + [{"dtype": "float64"}], lambda a=args: torch.arange(*a, dtype=torch.float64), "float64")
for args in ([0, 1, 5], [-3, 3, 4], [2, 2, 3], [5, 7, 1], [1, 0, 0], [0.1, 0.7, 7]):
    made("linspace", args + [{"dtype": "float64"}], lambda a=args: torch.linspace(*a, dtype=torch.float64), "float64")
made("eye", [3, 3, {"dtype": "float64"}], lambda: torch.eye(3, dtype=torch.float64), "float64")
made("eye", [2, 3, {"dtype": "float64"}], lambda: torch.eye(2, 3, dtype=torch.float64), "float64")

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "movement.json")
with open(path, "w") as file:
    file.write('{"torch":"1.13.0","cases":[\n' + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]}\n")
print(len(cases), "cases,", os.path.getsize(path), "bytes")

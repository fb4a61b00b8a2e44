#!/usr/bin/env python3
"""
Writes losses.json: values and gradients of torch.nn.functional's losses in float64, over their options and at their edges.
Made with PyTorch 1.13.0 and torchvision 0.14.1 (Debian 12) on x86-64.

A case names the function and its options as tensorone does; tensors are in tensorone's layouts: classes last. The gradient is
that of sum(loss * c), where c counts 1, 2, ... over the loss's elements. NaN and infinities are strings. The focal loss over classes,
which torch has not, is composed of torch's ops from its formula.
"""
import itertools
import json
import math
import os

import torch
import torch.nn.functional as F
from torchvision.ops import sigmoid_focal_loss

torch.manual_seed(0)
INF = math.inf
REDUCTIONS = ("mean", "sum", "none")
cases = []
tensors = []  # every one once; cases name them by their index
known = {}


def encode(v):
    if isinstance(v, float) and not math.isfinite(v):
        return "NaN" if math.isnan(v) else ("Infinity" if v > 0 else "-Infinity")
    return v


def written(t):
    dtype = "int32" if t.dtype == torch.int64 else "float64"
    row = json.dumps([list(t.shape), dtype, [encode(v) for v in t.detach().reshape(-1).tolist()]], separators=(",", ":"))
    if row not in known:
        known[row] = len(tensors)
        tensors.append(row)
    return known[row]


def case(name, fn, inputs, learned, options=None, more=None):
    """fn takes the inputs as leaves; the first `learned` of them get gradients."""
    leaves = [x.clone().requires_grad_() if i < learned else x for i, x in enumerate(inputs)]
    y = fn(*leaves)
    weights = torch.arange(1, y.numel() + 1, dtype=torch.float64).reshape(y.shape)
    (y * weights).sum().backward()
    cases.append({
        "name": name,
        "inputs": [written(x) for x in inputs],
        "options": {k: encode(v) for k, v in (options or {}).items()},
        "tensors": {k: written(v) for k, v in (more or {}).items()},
        "loss": written(y),
        "gradients": [written(x.grad) for x in leaves[:learned]],
    })


def rand(*shape):
    return torch.randn(*shape, dtype=torch.float64) * 2


def first(t):
    """Classes to torch's axis 1."""
    return t if t.dim() < 3 else t.movedim(-1, 1).contiguous()


# ---- over classes --------------------------------------------------------------------------------------------------------

WEIGHT = torch.tensor([0.5, 2.0, 1.0, 0.0, 3.0], dtype=torch.float64)
SPACES = {
    "flat": (rand(6, 5), torch.tensor([0, 4, 2, 2, 1, 3])),
    "spatial": (rand(2, 1, 3, 5), torch.tensor([[[0, 1, 2]], [[2, 3, 4]]])),
    "single": (rand(5), torch.tensor(4)),
}


def class_options():
    return itertools.product(REDUCTIONS, (None, WEIGHT), (None, 2), (0.0, 0.1))


for (logits, labels), (reduction, weight, ignore, smoothing) in itertools.product(SPACES.values(), class_options()):
    options = {"reduction": reduction, "labelSmoothing": smoothing}
    kwargs = {"reduction": reduction, "label_smoothing": smoothing, "weight": weight}
    if ignore is not None:
        options["ignoreIndex"] = kwargs["ignore_index"] = ignore
    weights = {} if weight is None else {"weight": weight}
    case("crossEntropy", lambda x, t: F.cross_entropy(first(x), t, **kwargs), [logits, labels], 1, options, weights)
    if smoothing == 0.0:
        del kwargs["label_smoothing"], options["labelSmoothing"]
        logs = F.log_softmax(logits, -1)
        case("nllLoss", lambda x, t: F.nll_loss(first(x), t, **kwargs), [logs, labels], 1, options, weights)

for shape in ((3, 5), (2, 1, 2, 5)):
    logits, target = rand(*shape), torch.softmax(rand(*shape), -1)
    for reduction, weight, _, smoothing in class_options():
        options = {"reduction": reduction, "labelSmoothing": smoothing}
        kwargs = {"reduction": reduction, "label_smoothing": smoothing, "weight": weight}
        weights = {} if weight is None else {"weight": weight}
        case("crossEntropy", lambda x, t: F.cross_entropy(first(x), first(t), **kwargs), [logits, target], 1, options, weights)

ruled_out = torch.tensor([[-INF, 1, 2], [0.5, -INF, -INF], [3, 2, -INF]], dtype=torch.float64)
huge = torch.tensor([[1e300, 0, -1e300], [800, 0, -800], [0, 0, 0]], dtype=torch.float64)
for logits in (ruled_out, huge):
    for reduction in REDUCTIONS:
        for ignore in (0, -100):
            labels = torch.tensor([1, 0, ignore])
            case("crossEntropy", lambda x, t: F.cross_entropy(x, t, reduction=reduction, ignore_index=ignore), [logits, labels], 1,
                 {"reduction": reduction, "ignoreIndex": ignore})
for reduction in REDUCTIONS:
    for smoothing in (0.0, 0.2):
        case("crossEntropy", lambda x, t: F.cross_entropy(x, t, reduction=reduction, ignore_index=255, label_smoothing=smoothing),
             [rand(2, 3), torch.tensor([255, 255])], 1, {"reduction": reduction, "ignoreIndex": 255, "labelSmoothing": smoothing})


def focal(x, t, gamma, weight, ignore, reduction):
    nll = F.cross_entropy(first(x), t, reduction="none", ignore_index=ignore)
    loss = (1 - torch.exp(-nll)) ** gamma * nll
    if weight is not None:
        loss = loss * weight[t.clamp(min=0)] * (t != ignore)
    return loss.sum() / (t != ignore).sum() if reduction == "mean" else loss.sum() if reduction == "sum" else loss


for reduction, gamma, weight, ignore in itertools.product(REDUCTIONS, (0, 1.5, 2), (None, WEIGHT), (-100, 2)):
    for logits, labels in list(SPACES.values())[:2]:
        case("focalLoss", lambda x, t: focal(x, t, gamma, weight, ignore, reduction), [logits, labels], 1,
             {"reduction": reduction, "gamma": gamma, "ignoreIndex": ignore}, {} if weight is None else {"weight": weight})

# ---- number against number -----------------------------------------------------------------------------------------------

x, t = rand(3, 4), rand(3, 4)
t[0] = x[0] + torch.tensor([0.0, 1.0, -1.0, 0.25], dtype=torch.float64)
edge_x = torch.tensor([INF, -INF, 1e200, 0.0, -0.0, 1.0], dtype=torch.float64)
edge_t = torch.tensor([0.0, 1.0, -1e200, 0.0, 0.0, 1.0], dtype=torch.float64)
for reduction in REDUCTIONS:
    for a, b in ((x, t), (edge_x, edge_t)):
        case("mseLoss", lambda a, b: F.mse_loss(a, b, reduction=reduction), [a, b], 2, {"reduction": reduction})
        case("l1Loss", lambda a, b: F.l1_loss(a, b, reduction=reduction), [a, b], 2, {"reduction": reduction})
        for beta in (0.0, 0.25, 1.0, 2.5):
            # at beta 0 torch's gradient of no difference is -1 for both operands: left out
            apart = torch.where(a == b, b + 1, b) if beta == 0 else b
            case("smoothL1Loss", lambda a, b: F.smooth_l1_loss(a, b, reduction=reduction, beta=beta), [a, apart], 2,
                 {"reduction": reduction, "beta": beta})
        for delta in (0.25, 1.0, 2.5):
            case("huberLoss", lambda a, b: F.huber_loss(a, b, reduction=reduction, delta=delta), [a, b], 2,
                 {"reduction": reduction, "delta": delta})

per_class = torch.tensor([0.5, 1.0, 2.0, 0.0], dtype=torch.float64)
positive = torch.tensor([3.0, 0.5, 1.0, 2.0], dtype=torch.float64)
p = torch.rand(3, 4, dtype=torch.float64)
p[0] = torch.tensor([0.0, 1.0, 0.0, 1.0])
soft = torch.rand(3, 4, dtype=torch.float64)
soft[0] = torch.tensor([0.0, 1.0, 1.0, 0.0])
z = rand(3, 4)
z[0] = torch.tensor([0.0, -0.0, 800.0, -800.0])
for reduction, weight in itertools.product(REDUCTIONS, (None, per_class)):
    weights = {} if weight is None else {"weight": weight}
    case("binaryCrossEntropy", lambda a, b: F.binary_cross_entropy(a, b, weight=weight, reduction=reduction), [p, soft], 1,
         {"reduction": reduction}, weights)
    for pos in (None, positive):
        more = weights if pos is None else {**weights, "posWeight": pos}
        case("binaryCrossEntropyWithLogits",
             lambda a, b: F.binary_cross_entropy_with_logits(a, b, weight=weight, pos_weight=pos, reduction=reduction),
             [z, soft], 1, {"reduction": reduction}, more)
for reduction, alpha, gamma in itertools.product(REDUCTIONS, (-1, 0.25), (0, 1.5, 2)):
    case("sigmoidFocalLoss", lambda a, b: sigmoid_focal_loss(a, b, alpha=alpha, gamma=gamma, reduction=reduction),
         [rand(3, 4), (soft > 0.5).double()], 1, {"reduction": reduction, "alpha": alpha, "gamma": gamma})

logs, target = F.log_softmax(rand(3, 4), -1), torch.softmax(rand(3, 4), -1)
with_zero = target.clone()
with_zero[1, 2] = 0.0
for reduction in (*REDUCTIONS, "batchmean"):
    case("klDiv", lambda a, b: F.kl_div(a, b, reduction=reduction), [logs, with_zero], 1, {"reduction": reduction})
    case("klDiv", lambda a, b: F.kl_div(a, b, reduction=reduction, log_target=True), [logs, target.log()], 2,
         {"reduction": reduction, "logTarget": True})

# ---- vectors -------------------------------------------------------------------------------------------------------------

a, b, c = rand(4, 3), rand(4, 3), rand(4, 3)
with_zero = a.clone()
with_zero[2] = 0
y = torch.tensor([1, -1, -1, 1])
case("cosineSimilarity", lambda a, b: F.cosine_similarity(a, b), [a, b], 2)
case("cosineSimilarity", lambda a, b: F.cosine_similarity(a, b, dim=0, eps=0.5), [a * 0.2, b], 2, {"axis": 0, "eps": 0.5})
case("cosineSimilarity", lambda a, b: F.cosine_similarity(a, b, dim=-1), [rand(2, 1, 3), rand(5, 3)], 2)
case("cosineSimilarity", lambda a, b: F.cosine_similarity(a, b), [with_zero, b], 2)
for reduction, margin in itertools.product(REDUCTIONS, (0.0, 0.3)):
    case("cosineEmbeddingLoss", lambda a, b, y: F.cosine_embedding_loss(a, b, y, margin=margin, reduction=reduction),
         [with_zero, b, y], 2, {"margin": margin, "reduction": reduction})
    for swap in (False, True):
        case("tripletMarginLoss", lambda a, b, c: F.triplet_margin_loss(a, b, c, margin=margin + 1, swap=swap, reduction=reduction),
             [a, b, c], 3, {"margin": margin + 1, "swap": swap, "reduction": reduction})

# ---- probabilities of all classes ----------------------------------------------------------------------------------------


def soft_focal(x, t, gamma, weight, reduction):
    log_p = F.log_softmax(x, -1)
    loss = (-t * (1 - log_p.exp()) ** gamma * log_p * (1 if weight is None else weight)).sum(-1)
    return {"mean": loss.mean, "sum": loss.sum, "none": lambda: loss}[reduction]()


for reduction, gamma, weight in itertools.product(REDUCTIONS, (0, 1.5, 2), (None, WEIGHT)):
    logits, target = rand(2, 2, 5), torch.softmax(rand(2, 2, 5), -1)
    case("focalLoss", lambda x, t: soft_focal(x, t, gamma, weight, reduction), [logits, target], 1,
         {"reduction": reduction, "gamma": gamma}, {} if weight is None else {"weight": weight})

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "losses.json"), "w") as f:
    rows = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    f.write('{"tensors":[\n' + ",\n".join(tensors) + '\n],"cases":[\n' + rows + "\n]}\n")
print(len(cases))

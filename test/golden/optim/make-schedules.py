#!/usr/bin/env python3
"""
Writes schedules.json: the learning rates of torch.optim.lr_scheduler at each step, beside the curve of src/optim/curves.ts that
is to give them. Made with PyTorch 1.13.0 (Debian 12).
"""
import json
import os
import warnings

import torch
from torch.optim import lr_scheduler as S

warnings.simplefilter("ignore")
BASE = 0.8
STEPS = 41

cases = []


def case(name, make, curve):
    p = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([p], lr=BASE)
    scheduler = make(optimizer)
    rates = []
    for step in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step + 1 < STEPS:
            scheduler.step()
    cases.append({"name": name, "curve": curve, "rates": rates})


def linear(start, end, length):
    return {"kind": "linear", "start": start * BASE, "end": end * BASE, "length": length}


case("ConstantLR", lambda o: S.ConstantLR(o, 0.25, 6),
     {"kind": "sequential", "curves": [{"kind": "constant", "value": 0.25 * BASE}, {"kind": "constant", "value": BASE}], "milestones": [6]})
for start, end, length in [(0.1, 1.0, 7), (1 / 3, 0.5, 5), (1.0, 0.2, 40)]:
    case("LinearLR", lambda o: S.LinearLR(o, start, end, length), linear(start, end, length))
for length, end in [(40, 0.0), (40, 0.05), (80, 0.01)]:
    case("CosineAnnealingLR", lambda o: S.CosineAnnealingLR(o, length, end),
         {"kind": "cosine", "start": BASE, "end": end, "length": length})
for size, gamma in [(5, 0.3), (1, 0.9), (100, 0.1)]:
    case("StepLR", lambda o: S.StepLR(o, size, gamma), {"kind": "step", "start": BASE, "size": size, "gamma": gamma})
for milestones, gamma in [([3, 9, 20], 0.2), ([9, 9, 30], 0.5)]:
    case("MultiStepLR", lambda o: S.MultiStepLR(o, milestones, gamma),
         {"kind": "multiStep", "start": BASE, "milestones": milestones, "gamma": gamma})
for length, power in [(12, 1.0), (12, 2.0), (40, 0.9)]:
    case("PolynomialLR", lambda o: S.PolynomialLR(o, length, power),
         {"kind": "polynomial", "start": BASE, "length": length, "power": power})
case("ExponentialLR", lambda o: S.ExponentialLR(o, 0.93), {"kind": "exponential", "start": BASE, "gamma": 0.93})
for share in (0.3, 0.5):
    for anneal in ("cos", "linear"):
        for phases in (False, True):
            case("OneCycleLR",
                 lambda o: S.OneCycleLR(o, 2.0, STEPS, pct_start=share, anneal_strategy=anneal, div_factor=10, final_div_factor=100,
                                        three_phase=phases),
                 {"kind": "oneCycle", "peak": 2.0, "length": STEPS, "riseShare": share, "startDivisor": 10, "endDivisor": 100,
                  "anneal": "cosine" if anneal == "cos" else "linear", "threePhases": phases})
case("SequentialLR",
     lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.1, 1.0, 5), S.CosineAnnealingLR(o, 20), S.ExponentialLR(o, 0.9)], [5, 25]),
     {"kind": "sequential", "milestones": [5, 25],
      "curves": [linear(0.1, 1.0, 5), {"kind": "cosine", "start": BASE, "length": 20}, {"kind": "exponential", "start": BASE, "gamma": 0.9}]})
case("ChainedScheduler",
     lambda o: S.ChainedScheduler([S.LinearLR(o, 0.1, 1.0, 4), S.StepLR(o, 10, 0.5), S.ExponentialLR(o, 0.9)]),
     {"kind": "product",
      "curves": [{"kind": "linear", "start": 0.1, "length": 4}, {"kind": "step", "start": 1, "size": 10, "gamma": 0.5},
                 {"kind": "exponential", "start": BASE, "gamma": 0.9}]})

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schedules.json")
with open(path, "w") as file:
    file.write("[\n%s\n]\n" % ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases))
print(len(cases), "cases,", os.path.getsize(path), "bytes")

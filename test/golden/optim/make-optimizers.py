#!/usr/bin/env python3
"""
Writes optimizers.json: SGD, Adam and AdamW of torch.optim in every combination of their options, 50 steps in float64, and
torch.nn.utils.clip_grad on the same gradients. Made with PyTorch 1.13.0 (Debian 12) on x86-64.

Parameters and gradients are not in the file: number k of the hash in `uniform` is the same double in any language
(optimizers.ts). Two groups; the second has rates of its own, and its last parameter has no gradient at every third step, so
that counts of updates differ. The learning rates are halved before step 21.
"""
import itertools
import json
import os

import torch

STEPS = 50
HALVED_BEFORE = 20  # counted from 0
SHOWN = (1, 2, 50)
SIZES = {"w": 4, "x": 3, "y": 2}
SECOND = ("x", "y")
GROUP = {"lr": 0.03, "weightDecay": 0.2}
TORCH = {"weightDecay": "weight_decay"}
SLOTS = {"momentumBuffer": "momentum_buffer", "expAvg": "exp_avg", "expAvgSq": "exp_avg_sq", "maxExpAvgSq": "max_exp_avg_sq"}
MAKERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def uniform(k):
    """-1 to 1."""
    return ((k * 2654435761) % 2**32) / 2**31 - 1


def values(seed, size):
    return torch.tensor([uniform(1000 * seed + i + 1) for i in range(size)], dtype=torch.float64)


def gradient(name, step):
    seed = 1 + list(SIZES).index(name) + 10 * step
    return None if name == "y" and step % 3 == 1 else values(seed, SIZES[name]) * 2


def start(name):
    return values(500 + list(SIZES).index(name), SIZES[name])


def run(kind, options):
    parameters = {name: start(name).requires_grad_() for name in SIZES}
    numbers = {TORCH.get(name, name): value for name, value in options.items()}
    groups = [
        {"params": [parameters["w"]]},
        {"params": [parameters[name] for name in SECOND], **{TORCH.get(name, name): value for name, value in GROUP.items()}},
    ]
    optimizer = MAKERS[kind](groups, **numbers)
    shown = {}
    for step in range(STEPS):
        if step == HALVED_BEFORE:
            for group in optimizer.param_groups:
                group["lr"] /= 2
        for name, p in parameters.items():
            p.grad = gradient(name, step)
        optimizer.step()
        if step + 1 in SHOWN:
            shown[step + 1] = {name: p.tolist() for name, p in parameters.items()}
    state = {
        slot: {name: optimizer.state[p][key].tolist() for name, p in parameters.items()}
        for slot, key in SLOTS.items()
        if all(torch.is_tensor(optimizer.state[p].get(key)) for p in parameters.values())
    }
    steps = {name: int(optimizer.state[p]["step"]) for name, p in parameters.items() if "step" in optimizer.state[p]}
    return {"kind": kind, "options": options, "parameters": shown, "slots": state, "steps": steps}


def combinations(choices):
    return [dict(zip(choices, row)) for row in itertools.product(*choices.values())]


cases = []
BOTH = [False, True]
for options in combinations(
    {"lr": [0.1], "momentum": [0, 0.9], "dampening": [0, 0.3], "nesterov": BOTH, "weightDecay": [0, 0.05], "maximize": BOTH}
):
    if options["nesterov"] and (options["momentum"] == 0 or options["dampening"] != 0):
        continue  # torch refuses these
    cases.append(run("sgd", options))
for kind in ("adam", "adamw"):
    for options in combinations(
        {"lr": [0.1], "betas": [[0.9, 0.999], [0.5, 0.9]], "eps": [1e-8, 1e-3], "weightDecay": [0, 0.05], "amsgrad": BOTH, "maximize": BOTH}
    ):
        cases.append(run(kind, options))

clips = []
for norm_type, max_norm in itertools.product((1, 2, 2.5, float("inf")), (0.0, 0.5, 3.0, 100.0)):
    parameters = {name: start(name) for name in SIZES}
    for name, p in parameters.items():
        p.grad = gradient(name, 1)  # y has none
    norm = torch.nn.utils.clip_grad_norm_(parameters.values(), max_norm, norm_type)
    clips.append({
        "maxNorm": max_norm, "normType": norm_type if norm_type != float("inf") else "Infinity", "norm": norm.item(),
        "gradients": {name: p.grad.tolist() for name, p in parameters.items() if p.grad is not None},
    })
cuts = []
for value in (0.0, 0.7, 5.0):
    p = start("w")
    p.grad = gradient("w", 1)
    torch.nn.utils.clip_grad_value_([p], value)
    cuts.append({"value": value, "gradient": p.grad.tolist()})

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimizers.json")
with open(path, "w") as file:
    lines = lambda rows: ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    file.write('{"torch":"1.13.0",\n"cases":[\n%s\n],\n"clips":[\n%s\n],\n"cuts":[\n%s\n]}\n' % (lines(cases), lines(clips), lines(cuts)))
print(len(cases), "cases,", os.path.getsize(path), "bytes")

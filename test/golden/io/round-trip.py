"""The side of test/io/torch-round-trip.test.ts that PyTorch plays; reads one JSON job, prints one JSON answer.

  {"write": [{path, variant, style, deploy, seed, classes, side}], "read": [{path, variant, style, deploy, classes, side}]}

"write" saves weights of full size for us to load, "read" loads what we saved, strictly and with weights_only; both answer
with the logits of mobileone.py's picture.
"""
import json
import sys

import torch

from mobileone import MobileOne, picture, randomized


def logits(model, side):
    with torch.no_grad():
        return model.eval()(picture(side)).flatten().tolist()


def fresh(task):
    return MobileOne(task["variant"], task["style"], task["classes"], task["deploy"])


def write(task):
    model = randomized(fresh(task), task["seed"])
    state = model.state_dict()
    torch.save({"meta": {}, "state_dict": state} if task["style"] == "mmpretrain" else state, task["path"])
    return logits(model, task["side"])


def read(task):
    loaded = torch.load(task["path"], weights_only=True)
    model = fresh(task)
    model.load_state_dict(loaded["state_dict"] if task["style"] == "mmpretrain" else loaded, strict=True)
    return logits(model, task["side"])


job = json.loads(sys.stdin.read())
answer = {"torch": torch.__version__, "write": [write(t) for t in job["write"]], "read": [read(t) for t in job["read"]]}
print(json.dumps(answer))

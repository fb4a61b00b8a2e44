"""The side of test/io/torch-round-trip.test.ts that PyTorch plays; reads one JSON job, prints one JSON answer.

  {"write": [{path, variant, style, deploy, seed, classes, side}], "read": [{path, variant, style, deploy, classes, side}]}

"write" saves weights of full size for us to load, "read" loads what we saved, strictly and with weights_only; both answer
with the logits of mobileone.py's picture. "resume": [{path, variant, classes}] loads a training checkpoint as mmengine does, a
group for each parameter, and answers with what the optimizer then holds. "go_on": [{path, out, variant, classes, optimizer}] does
the same with torch.optim's class of that name, makes one step with every gradient 0.25, and saves the checkpoint as `out`.
"""
import json
import sys
from pathlib import Path

import torch

from mobileone import MobileOne, picture, randomized

sys.path.append(str(Path(__file__).resolve().parent.parent / "families"))


def logits(model, side):
    with torch.no_grad():
        return model.eval()(picture(side)).flatten().tolist()


def fresh(task):
    """Other families have their authors' names alone."""
    if not task["variant"].startswith("mobileone"):
        from networks import MODELS  # wants torchvision, which the rest does not

        return MODELS[task["variant"]](task["classes"], task["deploy"])
    return MobileOne(task["variant"], task["style"], task["classes"], task["deploy"])


def write(task):
    model = randomized(fresh(task), task["seed"])
    state = model.state_dict()
    torch.save({"meta": {}, "state_dict": state} if task["style"] == "mmpretrain" else state, task["path"])
    return logits(model, task["side"])


def load_safetensors(path):
    """The format's own description, in a few lines: header length, JSON, data."""
    data = open(path, "rb").read()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    kinds = {"F32": torch.float32, "I64": torch.int64}

    def tensor(row):
        begin, end = (8 + size + offset for offset in row["data_offsets"])
        return torch.frombuffer(bytearray(data[begin:end]), dtype=kinds[row["dtype"]]).reshape(row["shape"])

    return {name: tensor(row) for name, row in header.items() if name != "__metadata__"}


def read(task):
    if task["path"].endswith(".safetensors"):
        model = fresh(task)
        model.load_state_dict(load_safetensors(task["path"]), strict=True)
        return logits(model, task["side"])
    loaded = torch.load(task["path"], weights_only=True)
    model = fresh(task)
    model.load_state_dict(loaded["state_dict"] if task["style"] == "mmpretrain" else loaded, strict=True)
    return logits(model, task["side"])


def loaded(task, kind):
    checkpoint = torch.load(task["path"], map_location="cpu")
    model = MobileOne(task["variant"], "mmpretrain", task["classes"])
    raw = {key[len("module."):]: value for key, value in checkpoint["ema_state_dict"].items() if key != "steps"}
    model.load_state_dict(checkpoint["state_dict"], strict=True)
    model.load_state_dict(raw, strict=True)
    optimizer = getattr(torch.optim, kind)([{"params": [p]} for p in model.parameters()], lr=1.0)
    optimizer.load_state_dict(checkpoint["optimizer"])
    return checkpoint, model, optimizer


def go_on(task):
    checkpoint, model, optimizer = loaded(task, task["optimizer"])
    for p in model.parameters():
        p.grad = torch.full_like(p, 0.25)
    optimizer.step()
    checkpoint["ema_state_dict"].update({"module." + key: value for key, value in model.state_dict().items()})
    checkpoint["optimizer"] = optimizer.state_dict()
    torch.save(checkpoint, task["out"])


def resume(task):
    checkpoint, model, optimizer = loaded(task, "SGD")
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()
    return {
        "meta": {key: checkpoint["meta"][key] for key in ("epoch", "iter", "seed")},
        "schedulers": checkpoint["param_schedulers"],
        "steps": checkpoint["ema_state_dict"]["steps"].item(),
        "parameters": [
            {"name": name, "lr": group["lr"], "momentum": group["momentum"], "weight_decay": group["weight_decay"],
             "buffer": optimizer.state[p]["momentum_buffer"].double().sum().item()}
            for (name, p), group in zip(model.named_parameters(), optimizer.param_groups)
        ],
    }


job = json.loads(sys.stdin.read())
actions = {"write": write, "read": read, "resume": resume, "go_on": go_on}
print(json.dumps({name: [actions[name](task) for task in tasks] for name, tasks in job.items()}))

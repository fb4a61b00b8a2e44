"""Training in PyTorch that starts where another program starts: weights, batches and rates are given, nothing is drawn.

Around the model of mobileone_torch.py: parameters in the order of the state dict (which is mmpretrain's and ours), SGD with
coupled weight decay (none on batch norms but what the rates say), label smoothing 0.1, the moving average of mmengine.
Tensors travel in safetensors files. Run as a program: training_torch.py gradients|run FOLDER (see bench/work/torch-work.ts).
"""
import json
import os
import struct
import sys

import numpy as np
import torch
from torch import nn

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mobileone_torch import mobileone  # noqa: E402

CODES = {"F64": np.float64, "F32": np.float32, "I32": np.int32, "U8": np.uint8}


def read_tensors(path):
    """name -> array, in the order of the data."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    rows = sorted(header.items(), key=lambda row: row[1]["data_offsets"])
    return {
        name: np.frombuffer(data[slice(*row["data_offsets"])], CODES[row["dtype"]]).reshape(row["shape"])
        for name, row in rows
        if row["dtype"] in CODES
    }


def write_tensors(path, tensors):
    names = {np.dtype(kind): code for code, kind in CODES.items()}
    header, pieces, end = {}, [], 0
    # wider elements first, so that all are aligned
    for name, array in sorted(tensors.items(), key=lambda row: -row[1].dtype.itemsize):
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": names[array.dtype], "shape": list(array.shape), "data_offsets": [begin, end]}
        pieces.append(np.ascontiguousarray(array).tobytes())
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(pieces))


def start(name, classes, values, dtype):
    """The model with these parameters: arrays in the order of model.parameters()."""
    model = mobileone(name, classes).to(dtype)
    parameters = list(model.parameters())
    assert len(parameters) == len(values), (len(parameters), len(values))
    with torch.no_grad():
        for parameter, value in zip(parameters, values):
            assert parameter.shape == value.shape, (parameter.shape, value.shape)
            parameter.copy_(torch.from_numpy(np.array(value)))
    return model.train()


def norms(model):
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]


def loss_of(model, images, labels, reduction="mean", smoothing=0.1):
    criterion = nn.CrossEntropyLoss(label_smoothing=smoothing, reduction=reduction)
    logits = model(images)
    return criterion(logits, labels), logits


class Average:
    """mmengine's moving average with buffers: the first call copies, later ones move by momentum."""

    def __init__(self, model, momentum):
        self.model, self.momentum, self.values = model, momentum, None

    def floats(self):
        """Parameters in order, then mean and variance of every batch norm in order."""
        statistics = [s for norm in norms(self.model) for s in (norm.running_mean, norm.running_var)]
        return [p.detach() for p in self.model.parameters()] + statistics

    def update(self):
        with torch.no_grad():
            if self.values is None:
                self.values = [value.clone() for value in self.floats()]
            else:
                for average, value in zip(self.values, self.floats()):
                    average.lerp_(value, self.momentum)

    def load(self):
        with torch.no_grad():
            for value, average in zip(self.floats(), self.values):
                value.copy_(average)


def optimizer_of(model, lr, momentum, weight_decay):
    """Two groups: weights, and batch norms, which start without decay."""
    of_norms = {id(p) for norm in norms(model) for p in norm.parameters()}
    groups = [
        {"params": [p for p in model.parameters() if id(p) not in of_norms], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if id(p) in of_norms], "weight_decay": 0.0},
    ]
    return torch.optim.SGD(groups, lr=lr, momentum=momentum)


def first_gradients(model, images, labels):
    loss, _ = loss_of(model, images, labels)
    loss.backward()
    return [p.grad.detach() for p in model.parameters()]


# --- as a program -----------------------------------------------------------------------------------------------------



def gradients(folder, work):
    """The first gradients in float64, and in float32 with each number of threads."""
    given = read_tensors(f"{folder}/weights.safetensors")
    values = [given[name] for name in work["parameters"]]
    batch = read_tensors(f"{folder}/batch.safetensors")
    for label, dtype, threads in [("float64", torch.float64, 2), ("float32-1", torch.float32, 1), ("float32-2", torch.float32, 2)]:
        torch.set_num_threads(threads)
        model = start(work["model"], work["classes"], values, dtype)
        found = first_gradients(model, torch.from_numpy(batch["images"]).to(dtype), torch.from_numpy(batch["labels"]).long())
        write_tensors(f"{folder}/{label}.safetensors", {f"{i}": g.double().numpy() for i, g in enumerate(found)})


def pictures(array, mean, std):
    """bytes [N, H, W, 3] -> float32 [N, 3, H, W]"""
    scaled = (array.astype(np.float64) - np.array(mean)) / np.array(std)
    return torch.from_numpy(scaled.transpose(0, 3, 1, 2).astype(np.float32))


def run(folder, work):
    """A whole run over the given batches; losses, then the averaged weights on the validation pictures."""
    torch.set_num_threads(work["threads"])
    given = read_tensors(f"{folder}/weights.safetensors")
    data = read_tensors(f"{folder}/batches.safetensors")
    model = start(work["model"], work["classes"], [given[name] for name in work["parameters"]], torch.float32)
    optimizer = optimizer_of(model, 1.0, work["momentum"], 0.0)
    average = Average(model, work["emaMomentum"])
    losses = []
    for images, labels, (lr, decay, norm_decay) in zip(data["images"], data["labels"], data["rates"]):
        for group, weight_decay in zip(optimizer.param_groups, (decay, norm_decay)):
            group.update(lr=float(lr), weight_decay=float(weight_decay))
        optimizer.zero_grad()
        inputs = pictures(images, work["mean"], work["std"])
        loss, _ = loss_of(model, inputs, torch.from_numpy(labels).long(), smoothing=work["labelSmoothing"])
        loss.backward()
        optimizer.step()
        average.update()
        losses.append(loss.item())
    average.load()
    model.eval()
    total, right = 0.0, 0
    with torch.no_grad():
        for images, labels in zip(np.array_split(data["valImages"], 10), np.array_split(data["valLabels"], 10)):
            wanted = torch.from_numpy(labels).long()
            loss, logits = loss_of(model, pictures(images, work["mean"], work["std"]), wanted, "sum", 0.0)
            total += loss.item()
            right += (logits.argmax(1) == wanted).sum().item()
    count = len(data["valLabels"])
    print(json.dumps({"version": torch.__version__, "losses": losses, "valLoss": total / count, "top1": 100 * right / count}))


if __name__ == "__main__":
    command, folder = sys.argv[1:]
    with open(f"{folder}/work.json") as file:
        {"gradients": gradients, "run": run}[command](folder, json.load(file))

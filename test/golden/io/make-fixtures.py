"""Small files as PyTorch writes them, and what is in them: run with a Python that has torch 1.13.

  python3 test/golden/io/make-fixtures.py

Writes *.pth and expected.json beside itself; nothing here is random but what a seed fixes.
"""
import collections
import json
import os
import pathlib
import pickle
import sys

import numpy
import torch

from mobileone import NAMES, MobileOne, picture, randomized

here = pathlib.Path(__file__).parent
expected = {"torch": torch.__version__, "values": {}, "models": {}}
SIDE, CLASSES = 64, 5


def numbers(tensor):
    return {"shape": list(tensor.shape), "values": tensor.double().flatten().tolist()}


def save(name, value, tensors=None, **options):
    torch.save(value, here / name, **options)
    if tensors is not None:
        expected["values"][name] = {key: numbers(tensor) for key, tensor in tensors.items()}


# every element type, views, shared storages, parameters
base = torch.arange(24, dtype=torch.float32) / 7
kinds = collections.OrderedDict(
    float32=torch.tensor([[1.5, -2.25], [3e-8, 1e30]]),
    float64=torch.tensor([0.1, -1e-300, 1e300], dtype=torch.float64),
    half=torch.tensor([0.1, -65504, 6e-8, 1.0]).half(),
    bfloat16=torch.tensor([0.1, -3e38, 1.0]).bfloat16(),
    int64=torch.tensor([-7, 2**31 - 1], dtype=torch.int64),
    int32=torch.tensor([-(2**31), 5], dtype=torch.int32),
    int16=torch.tensor([-32768, 3], dtype=torch.int16),
    int8=torch.tensor([-128, 127], dtype=torch.int8),
    uint8=torch.tensor([0, 255], dtype=torch.uint8),
    bool=torch.tensor([True, False]),
    scalar=torch.tensor(42),
    empty=torch.zeros(0, 3),
    transposed=base.reshape(4, 6).t(),
    sliced=base.reshape(4, 6)[1:3, 1::2],
    shifted=base[5:9],
    expanded=torch.tensor([[2.5], [3.5]]).expand(2, 3),
    permuted=base.reshape(2, 3, 4).permute(2, 0, 1),
    channels_last=base.reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
    shared=base,
    parameter=torch.nn.Parameter(torch.tensor([1.0, 2.0])),
)
save("kinds.pth", kinds, kinds)
save("kinds-legacy.pth", kinds, kinds, _use_new_zipfile_serialization=False)
save("kinds-protocol4.pth", kinds, kinds, pickle_protocol=4)
with open(here / "kinds-stream.pth", "wb") as stream:
    torch.save(kinds, stream)
expected["values"]["kinds-stream.pth"] = expected["values"]["kinds.pth"]

# the same small network under the names of all three, in both forms
reference = randomized(MobileOne("tiny", "mmpretrain", CLASSES), 1)
with torch.no_grad():
    expected["models"]["train"] = reference(picture(SIDE)).flatten().tolist()
canonical = reference.state_dict()


def renamed(style, source, target_model):
    """The values of `source` under the names of another style: modules correspond block by block."""
    target = target_model.state_dict()
    blocks = dict(zip(target_model.order, MobileOne("tiny", "mmpretrain", CLASSES).order))
    a, b = NAMES[style], NAMES["mmpretrain"]
    words = [(a["conv"].split(".")[0], b["conv"].split(".")[0]), (a["scale"], b["scale"]), (a["skip"], b["skip"]),
             (a["se"][0], b["se"][0]), (a["se"][1], b["se"][1])]
    found = {}
    for name in target:
        block = next((path for path in blocks if name.startswith(path + ".")), None)
        if block is None:
            found[name] = source["head.fc." + name.split(".")[-1]]
            continue
        rest = name[len(block) + 1:]
        word, other = next(pair for pair in words if rest.startswith(pair[0] + "."))
        rest = (other + rest[len(word):]).replace(".bn.", ".norm.")
        found[name] = source[blocks[block] + "." + rest]
    return collections.OrderedDict(found)


for style in ("mmpretrain", "apple", "timm"):
    model = MobileOne("tiny", style, CLASSES)
    model.load_state_dict(renamed(style, canonical, model))
    with torch.no_grad():
        assert torch.equal(model.eval()(picture(SIDE)), reference(picture(SIDE)))
    if style != "mmpretrain":
        save(f"tiny-{style}.pth", model.state_dict())
        deployed = randomized(MobileOne("tiny", style, CLASSES, deploy=True), 2)
        save(f"tiny-{style}-deploy.pth", deployed.state_dict())
        with torch.no_grad():
            expected["models"][f"{style}-deploy"] = deployed(picture(SIDE)).flatten().tolist()
meta = {"epoch": 3, "iter": 12, "seed": 11, "dataset_meta": {"classes": list("abcde")}}
save("tiny-mmpretrain.pth", {"meta": meta, "state_dict": canonical})
parallel = collections.OrderedDict(("module." + key, value) for key, value in canonical.items())
save("tiny-wrapped.pth", {"epoch": 1, "arch": "tiny", "state_dict_ema": parallel, "state_dict": {}, "args": None})


# a training checkpoint as mmengine 0.8 lays it out; the classes are stand-ins with mmengine's names
def stand_in(path):
    module, name = path.rsplit(".", 1)
    package = ""
    for part in module.split("."):
        package = f"{package}.{part}" if package else part
        sys.modules.setdefault(package, type(sys)(package))
    made = type(name, (), {"__module__": module})
    setattr(sys.modules[module], name, made)
    return made


history = stand_in("mmengine.logging.history_buffer.HistoryBuffer")()
history._log_history = numpy.array([1.0, 0.5])
history._count_history = numpy.array([1, 1])
history._statistics_methods = {}
history.max_length = numpy.int64(1000000)
raw = randomized(MobileOne("tiny", "mmpretrain", CLASSES), 3)
momentum = {}
groups = []
for i, (name, parameter) in enumerate(raw.named_parameters()):
    momentum[i] = {"momentum_buffer": torch.full_like(parameter, i + 1) / 16}
    groups.append({"lr": 0.1, "momentum": 0.9, "dampening": 0, "weight_decay": 1e-4, "nesterov": False,
                   "initial_lr": 0.1, "initial_weight_decay": 1e-4, "params": [i]})
raw_entries = collections.OrderedDict([("steps", torch.tensor(12))])
raw_entries.update(("module." + key, value) for key, value in raw.state_dict().items())
save("tiny-mmengine.pth", {
    "meta": {**meta, "cfg": "model = dict()", "experiment_name": "tiny", "time": "20230826_120000",
             "mmengine_version": "0.8.3"},
    "state_dict": canonical,
    "ema_state_dict": raw_entries,
    "optimizer": {"state": momentum, "param_groups": groups,
                  "base_param_settings": {"params": torch.tensor([0.0]), "lr": 0.1}},
    "param_schedulers": [{"last_step": 12, "_global_step": 12, "base_values": [0.1]}],
    "message_hub": {"log_scalars": {"train/loss": history}, "runtime_info": {"iter": 12}, "resumed_keys": {}},
})
expected["mmengine"] = {
    "parameters": [name for name, _ in raw.named_parameters()],
    "rawHead": numbers(raw.state_dict()["head.fc.weight"]),
    "averageHead": numbers(canonical["head.fc.weight"]),
}


# files made to do harm: nothing of them runs here, pickling only writes names
class Attack:
    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


marker = "touch tensorone-was-attacked"
save("attack-system.pth", {"state_dict": Attack(os.system, marker)})
save("attack-system-legacy.pth", Attack(os.system, marker), _use_new_zipfile_serialization=False)
save("attack-eval.pth", {"weight": Attack(eval, f"__import__('os').system('{marker}')")})
save("attack-protocol4.pth", [Attack(os.system, marker)], pickle_protocol=4)
(here / "attack-bare.pth").write_bytes(pickle.dumps(Attack(os.system, marker), protocol=2))
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), str(here / "script.pth"))
torch.save(stand_in("somewhere.models.Network")(), here / "object.pth")

(here / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")

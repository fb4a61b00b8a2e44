"""
Which of the names that docs/coming-from-pytorch.md claims PyTorch has. test/docs/coming.test.ts compares the page with this list.
Usage: python3 test/golden/names/make-names.py
"""
import functools
import json
import os
import re

import torch
import torch.optim.swa_utils

here = os.path.dirname(__file__)
# newer than the version that this was run with
NEWER = {"torch.compile"}

names = []
for line in open(os.path.join(here, "..", "..", "..", "docs", "coming-from-pytorch.md")):
    if line.startswith("| `torch."):
        names += re.findall(r"`(torch\.[\w.]+)`", line.split("|")[1])
found = []
for name in names:
    try:
        functools.reduce(getattr, name.split(".")[1:], torch)
        found.append(name)
    except AttributeError:
        if name in NEWER:
            found.append(name)
        else:
            print("not in PyTorch:", name)
with open(os.path.join(here, "names.json"), "w") as file:
    json.dump({"torch": torch.__version__, "names": found}, file, indent=0)
    file.write("\n")
print(len(found), "names")

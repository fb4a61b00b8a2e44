"""What torch.utils.data.random_split and DataLoader make of numbers: parts by seed, batches in order. Writes splits.json."""
import json
import os

import torch
from torch.utils.data import DataLoader, random_split

rows = []
for length, parts, seed in [(10, [0.8, 0.2], 0), (11, [0.5, 0.3, 0.2], 7), (7, [3, 4], 1), (5, [0.34, 0.33, 0.33], 3)]:
    split = random_split(list(range(length)), parts, generator=torch.Generator().manual_seed(seed))
    rows.append({"length": length, "parts": parts, "seed": seed, "indices": [list(part.indices) for part in split]})
batches = {
    name: [batch.tolist() for batch in DataLoader(list(range(10)), batch_size=4, drop_last=drop)]
    for name, drop in [("kept", False), ("dropped", True)]
}
with open(os.path.join(os.path.dirname(__file__), "splits.json"), "w") as file:
    json.dump({"splits": rows, "batches": batches}, file)
    file.write("\n")

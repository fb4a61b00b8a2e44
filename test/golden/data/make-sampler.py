"""Writes sampler.json: which samples each rank gets in which order, by torch.randperm and mmengine's DefaultSampler.

Run with Debian's python3-torch:  /usr/bin/python3 make-sampler.py
The slicing is DefaultSampler's, in its own terms: a generator seeded with seed + epoch, the list repeated until it divides
by the number of ranks, then every world_size-th element from `rank` on. Long orders are kept as SHA-256 of uint32 bytes.
"""
import hashlib
import json
import math
import pathlib

import numpy
import torch

HERE = pathlib.Path(__file__).parent
SHORT = 40


def order(length, seed, epoch, shuffle, world_size, rank, round_up):
    if shuffle:
        generator = torch.Generator()
        generator.manual_seed(seed + epoch)
        indices = torch.randperm(length, generator=generator).tolist()
    else:
        indices = list(range(length))
    total = math.ceil(length / world_size) * world_size if round_up else length
    indices = (indices * (total // length + 1))[:total]
    return indices[rank:total:world_size]


def main():
    rows = []
    for length, seed, epoch, shuffle, world_size, round_up in [
        (10, 0, 0, True, 1, True),
        (10, 1, 0, True, 1, True),
        (10, 40, 2, True, 1, True),
        (10, 1, 0, True, 4, True),
        (10, 1, 0, True, 4, False),
        (7, 3, 5, True, 8, True),
        (7, 3, 5, False, 8, True),
        (7, 3, 5, False, 8, False),
        (5, 0, 1, True, 3, True),
        (1, 9, 9, True, 2, True),
        (1281167, 0, 299, True, 8, True),
        (50000, 0, 0, False, 7, False),
        (50000, 42, 1, True, 3, True),
    ]:
        for rank in sorted({0, world_size // 2, world_size - 1}):
            indices = order(length, seed, epoch, shuffle, world_size, rank, round_up)
            kept = indices if len(indices) <= SHORT else None
            digest = hashlib.sha256(numpy.array(indices, "<u4").tobytes()).hexdigest()
            rows.append({"length": length, "seed": seed, "epoch": epoch, "shuffle": shuffle, "replicas": world_size,
                         "rank": rank, "pad": round_up, "count": len(indices), "order": kept, "sha256": digest})
    (HERE / "sampler.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()

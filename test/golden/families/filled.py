"""Weights from a formula, which both sides compute: test/models/filled.ts has the same."""

import numpy as np
import torch

from uniform import uniform


def fill(model, seed):
    """Every entry by its place in the state dict: weights within sqrt(3 / fan_in), gamma and variances around 1."""
    for stream, (name, entry) in enumerate(model.state_dict().items()):
        if name.endswith("num_batches_tracked"):
            continue
        values = uniform(seed, stream, entry.numel())
        if entry.dim() > 1:
            values = values * np.sqrt(3 / (entry.numel() / entry.shape[0]))
        elif name.endswith("running_var"):
            values = 1 + 0.5 * values
        elif name.endswith("weight"):
            values = 1 + 0.2 * values
        else:
            values = 0.1 * values
        entry.copy_(torch.from_numpy(values).reshape(entry.shape))

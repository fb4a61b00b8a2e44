"""Makes s0-float64.safetensors: five SGD steps of MobileOne-S0 (10 classes, 32 px, batch 4) in float64, by PyTorch.

    /usr/bin/python3 test/golden/curves/make-curves.py            # Debian 12: python3-torch 1.13.1, numpy 1.24.2

Nothing is drawn by PyTorch: every starting value is a uniform number of the counter-based generator Philox 4x32-10 (Salmon
et al., SC 2011), written here by its definition, so that the test can make the same ones to the last bit. Tensors are kept
as a norm and dot products with vectors of random signs: for a difference d the square root of the mean of (d . v)^2 is an
estimate of |d|, whatever the size of the tensor.

The rate is not the recipe's, whose warm-up starts at 1e-4: the first gradient has a norm of 18,000 beside weights of 270, so
that even 1e-8 is a step which moves the loss by a tenth. What becomes of rounding after five steps (`amplification` prints
this instead), as relative differences of the losses of PyTorch from PyTorch:

    rate      one thread against two    weights moved by 1e-13 of themselves
    1e-9      3e-13                     5e-10
    1e-8      4e-10                     1e-6
    1e-7      1e-8                      8e-2
    1e-6      3e-6                      5e-2
    1e-4      8e-2                      7e-2

Another program adds every sum in another order and lies in between: 1e-8 is the largest rate that leaves 1e-6 to hold.
"""
import os
import sys

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "bench", "compare"))
from mobileone_torch import mobileone  # noqa: E402
from training_torch import Average, loss_of, norms, optimizer_of, start, write_tensors  # noqa: E402

MODEL, CLASSES, SIZE, BATCH, STEPS = "mobileone_s0", 10, 32, 4, 5
SEED, IMAGE_SEED, SIGN_SEED = 1, 2, 3
SIGNS = 4
RATES = [1e-8] * STEPS
# the recipe's decay of 1e-4 would vanish beside gradients of this size
MOMENTUM, DECAY = 0.9, 1.0
NORM_BOUND = 0.05
# Normal(0, 0.01) has the variance of this
CLASSIFIER_BOUND = 0.01 * np.sqrt(3)
# the recipe's 5e-4 would hide an error of the average behind its three zeros
EMA_MOMENTUM = 0.25


def philox(seed, stream, blocks):
    """[blocks, 4] words of the generator with key (seed, 0) and counter (block, 0, stream, 0)."""
    mask = np.uint64(0xFFFFFFFF)
    x = [np.arange(blocks, dtype=np.uint64), np.zeros(blocks, np.uint64), np.full(blocks, stream, np.uint64), np.zeros(blocks, np.uint64)]
    key = [seed, 0]
    for _ in range(10):
        product0, product1 = np.uint64(0xD2511F53) * x[0], np.uint64(0xCD9E8D57) * x[2]
        shift = np.uint64(32)
        x = [
            (product1 >> shift) ^ x[1] ^ np.uint64(key[0]),
            product1 & mask,
            (product0 >> shift) ^ x[3] ^ np.uint64(key[1]),
            product0 & mask,
        ]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(x, axis=1)


def words(seed, stream, count):
    return philox(seed, stream, -(-count // 4)).reshape(-1)[:count]


def uniform(seed, stream, shape, low, high):
    """Doubles of 53 bits in [low, high), row by row."""
    count = int(np.prod(shape))
    pairs = words(seed, stream, 2 * count).reshape(-1, 2)
    units = ((pairs[:, 0] >> np.uint64(5)) * 2.0**26 + (pairs[:, 1] >> np.uint64(6))) / 2.0**53
    return (low + (high - low) * units).reshape(shape)


def initial(model):
    """The published start with uniform numbers of the same variance; batch norms are a little off 1 and 0."""
    middles = {id(p): middle for norm in norms(model) for p, middle in ((norm.weight, 1.0), (norm.bias, 0.0))}
    values = []
    for stream, p in enumerate(model.parameters()):
        if id(p) in middles:
            middle, bound = middles[id(p)], NORM_BOUND
        elif p.ndim == 4:
            # Kaiming by fan_out, whatever the groups: variance 2 / fan_out
            middle, bound = 0.0, np.sqrt(6 / (p.shape[0] * p.shape[2] * p.shape[3]))
        else:
            middle, bound = 0.0, CLASSIFIER_BOUND
        values.append(uniform(SEED, stream, p.shape, middle - bound, middle + bound))
    return values


def sketch(tensors):
    """[tensors, 1 + SIGNS]: norm, and dot products with vectors of signs (bit b of word i: 0 is +1)."""
    rows = []
    for stream, tensor in enumerate(tensors):
        flat = tensor.detach().numpy().reshape(-1)
        bits = words(SIGN_SEED, stream, flat.size)
        signs = [1.0 - 2.0 * ((bits >> np.uint64(b)) & np.uint64(1)).astype(np.float64) for b in range(SIGNS)]
        rows.append([np.linalg.norm(flat), *(np.dot(flat, s) for s in signs)])
    return np.array(rows)


def train(rates, error=0.0, dtype=torch.float64):
    """losses, first gradients, statistics after the first step, averages after the last."""
    values = initial(mobileone(MODEL, CLASSES).double())
    generator = np.random.RandomState(0)
    values = [value * (1 + error * generator.standard_normal(value.shape)) for value in values]
    model = start(MODEL, CLASSES, values, dtype)
    optimizer = optimizer_of(model, 1.0, MOMENTUM, DECAY)
    average = Average(model, EMA_MOMENTUM)
    losses, first, statistics = [], None, None
    for step, lr in enumerate(rates):
        # drawn as [N, H, W, 3], the engine's layout
        images = uniform(IMAGE_SEED, step, (BATCH, SIZE, SIZE, 3), -2.0, 2.0).transpose(0, 3, 1, 2)
        labels = torch.tensor([(3 * step + 2 * n) % CLASSES for n in range(BATCH)])
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.zero_grad()
        loss, _ = loss_of(model, torch.from_numpy(images.copy()).to(dtype), labels)
        loss.backward()
        if step == 0:
            first = [p.grad.clone() for p in model.parameters()]
            statistics = [s.clone() for norm in norms(model) for s in (norm.running_mean, norm.running_var)]
        optimizer.step()
        average.update()
        losses.append(loss.item())
    return np.array(losses), first, statistics, average.values


def amplification():
    for lr in (1e-9, 1e-8, 1e-7, 1e-6, 1e-4):
        rates = [lr] * STEPS
        torch.set_num_threads(1)
        losses = train(rates)[0]
        moved = train(rates, error=1e-13)[0]
        torch.set_num_threads(2)
        threads = train(rates)[0]
        worst = lambda other: np.max(np.abs(other - losses) / losses)  # noqa: E731
        print(flush=True, end=f"lr {lr}: losses {np.round(losses, 4)}, weights moved by 1e-13 {worst(moved):.1e}, 2 threads {worst(threads):.1e}\n")


if sys.argv[1:] == ["amplification"]:
    amplification()
else:
    torch.set_num_threads(1)
    losses, first, statistics, averages = train(RATES)
    write_tensors(
        os.path.join(HERE, "s0-float64.safetensors"),
        {
            "losses": losses,
            "rates": np.array(RATES),
            "gradients": sketch(first),
            "statistics": sketch(statistics),
            "averages": sketch(averages[: len(first)]),
            "averagedStatistics": sketch(averages[len(first) :]),
            # whole, so that nothing rests on the sketches alone
            "gradient.stem": first[0].detach().numpy(),
            "gradient.classifier": first[-1].detach().numpy(),
        },
    )
    print(losses)

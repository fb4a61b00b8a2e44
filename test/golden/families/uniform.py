"""Numbers from a counter, which both sides compute: test/models/uniform.ts has the same."""

import numpy as np


def uniform(seed, stream, count):
    """count numbers in [-1, 1): three rounds of a 32-bit mixer (lowbias32's constants) over counter, stream and seed."""
    mask = np.uint64(0xFFFFFFFF)

    def mix(x):
        x = x ^ (x >> np.uint64(16))
        x = (x * np.uint64(0x7FEB352D)) & mask
        x = x ^ (x >> np.uint64(15))
        x = (x * np.uint64(0x846CA68B)) & mask
        return x ^ (x >> np.uint64(16))

    counter = np.arange(count, dtype=np.uint64)
    stream_key = mix(np.array([stream + 1], dtype=np.uint64))
    seed_key = mix(np.array([seed + 0x9E3779B9], dtype=np.uint64) & mask)
    bits = mix(mix(mix(counter) ^ stream_key) ^ seed_key)
    return bits.astype(np.float64) / 2**31 - 1

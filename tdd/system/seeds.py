"""Random generators named by what they are for: a draw depends on nothing but the seed and its place in the run."""

import hashlib

import torch


def generator(seed: int, *place: str | int) -> torch.Generator:
    """A CPU generator for one draw of a run, e.g. ``generator(seed, "network", outer_step, index)``.

    Equal arguments give equal draws on any device, in any order and over any number of processes: one process drawing
    eight networks gets those that eight processes drawing one each would get.
    """
    digest = hashlib.sha256(repr((seed, *place)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)

"""Random generators named by what they are for: a draw depends on nothing but the seed and its place in the run."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def generator(seed: int, *place: str | int) -> torch.Generator:
    """A CPU generator for one draw of a run, e.g. ``generator(seed, "network", outer_step, index)``.

    Equal arguments give equal draws on any device, in any order and over any number of processes: one process drawing
    eight networks gets those that eight processes drawing one each would get.
    """
    digest = hashlib.sha256(repr((seed, *place)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Make what is drawn on the CPU without a generator a function of `seed`; torch's own state is left as it was."""
    with torch.random.fork_rng([]):
        # That of the CPU alone: torch.manual_seed would seed the accelerators too.
        torch.default_generator.manual_seed(seed)
        yield

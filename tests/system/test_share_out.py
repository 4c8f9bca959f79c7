"""Every network meets every example once, whatever the number of processes, and each of these does as much."""

from dataclasses import dataclass
from itertools import product

import pytest
import torch

from tdd.system.processes import share_out


@dataclass
class Process:
    process_index: int
    num_processes: int


def shares(networks: int, world: int, at_once: int = 16) -> list[list[tuple[list[int], tuple[int, int]]]]:
    """What each process does."""
    return [list(share_out(networks, at_once, Process(index, world))) for index in range(world)]


@pytest.mark.parametrize("at_once", [1, 2, 16])
@pytest.mark.parametrize(("networks", "world"), list(product([1, 2, 3, 5], [1, 2, 3, 4, 6])))
def test_each_network_and_shard_is_dealt_once_and_all_processes_do_as_much(networks, world, at_once):
    dealt = shares(networks, world, at_once)
    units = [[(network, *shard) for members, shard in mine for network in members] for mine in dealt]
    counts = {count for mine in units for _, _, count in mine}
    assert len(counts) == 1
    (count,) = counts
    expected = {(network, index, count) for network in range(networks) for index in range(count)}
    everything = [unit for mine in units for unit in mine]
    assert len(everything) == len(set(everything)) == networks * count and set(everything) == expected
    assert {len(mine) for mine in units} == {networks * count // world}
    assert all(len(members) <= at_once for mine in dealt for members, _ in mine)


def test_there_are_no_more_shards_than_even_work_takes():
    def shards(networks, world):
        return shares(networks, world)[0][0][1][1]

    assert [shards(networks, 1) for networks in (1, 2, 5)] == [1, 1, 1]
    assert [shards(networks, 2) for networks in (1, 2, 3, 4)] == [2, 1, 2, 1]
    assert [shards(networks, 6) for networks in (1, 2, 3, 4, 6, 12)] == [6, 3, 2, 3, 1, 1]


@pytest.mark.parametrize("world", [1, 2, 3])
def test_shards_of_examples_are_all_of_them(world):
    examples = torch.arange(7)
    parts = [examples[index::count] for mine in shares(1, world) for _, (index, count) in mine]
    assert torch.equal(torch.cat(parts).sort().values, examples)

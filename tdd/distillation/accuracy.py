"""What networks trained on a distilled set get right, many at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from accelerate import Accelerator

from tdd.data.protocols import ALL, Shard, Split
from tdd.distillation.kept_counts import KeptCounts
from tdd.distillation.loops import Loop, plain_loop
from tdd.distillation.metrics import NO_CLASS, Counts
from tdd.distillation.unroll import InnerLoop
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Kernel
from tdd.system.processes import share_out, sums

# Real examples of one forward pass: enough for the words of a batch to repeat, few enough for memory.
TEST_BATCH = 4096


def counts_of(
    kernel: Kernel,
    theta: Parameters,
    split: Split,
    device: torch.device,
    most: int | None = None,
    shard: Shard = ALL,
) -> Counts:
    """What K stacked networks predict of a shard of a split, or of `most` of its examples, drawn evenly.

    Where a network gives numbers that are not finite, it predicts no class, which is wrong.
    Where it is known which examples are in the training split too, these are the second of two groups.
    """
    counts: Counts | None = None
    order = split.order(most, shard)
    starts = range(0, len(order), TEST_BATCH)
    for start, batch in zip(starts, split.batches(TEST_BATCH, most, shard), strict=True):
        moved = batch.to(device)
        logits = kernel.logits(theta, moved)
        at = order[start : start + len(batch)]
        groups = torch.zeros(len(at), dtype=torch.long) if split.in_train is None else split.in_train[at].long()
        if counts is None:
            counts = Counts.none(len(logits), 1 if split.in_train is None else 2, logits.shape[2], device)
        # What a network whose training exploded gives is no prediction, and not the first class.
        guesses = torch.where(logits.isfinite().all(2), logits.argmax(2), NO_CLASS)
        counts.add(guesses, moved.labels, groups.to(device))
    return counts or Counts.none(len(next(iter(theta.values()))), 1, 1, device)


def counts_by_all(
    trained: Callable[[list[int]], Parameters],
    kernel: Kernel,
    split: Split,
    networks: int,
    classes: int,
    at_once: int,
    accelerator: Accelerator,
    most: int | None = None,
    on_tested: Callable[[list[float]], None] = lambda _: None,
    kept: KeptCounts | None = None,
) -> Counts:
    """What networks predict, tested by all processes together, on every process.

    Where there are fewer networks than processes, or a number that does not share out, several processes train the same
    network and test it on a shard of the examples each.

    Args:
        trained: trains networks by their indices, stacked.
        kernel: their kernel.
        split: the examples.
        networks: their number.
        classes: C.
        at_once: networks trained together.
        accelerator: processes and device.
        most: as in `counts_of`.
        on_tested: called with the accuracies that this process has found so far, those of its shards.
        kept: where what it has counted is kept after every group, and found by a later call; None: nowhere.
    """
    device = accelerator.device
    whole = Counts.none(networks, 1 if split.in_train is None else 2, classes, device)
    so_far = [] if kept is None else kept.load(whole)
    if so_far:
        on_tested(so_far)
    counted = len(so_far)
    for group, shard in share_out(networks, at_once, accelerator):
        indices = group[counted:]
        counted -= len(group) - len(indices)
        if not indices:
            continue
        counts = counts_of(kernel, trained(indices), split, device, most, shard)
        whole.right[indices] += counts.right
        whole.predicted[indices] += counts.predicted
        if 0 in indices:  # every example once
            whole.actual.add_(counts.actual)
        whole.confusion.add_(counts.confusion)
        so_far = [*so_far, *counts.accuracy().tolist()]  # a list of its own for whoever keeps it
        if kept is not None:
            kept.save(whole, so_far)
        on_tested(so_far)
    return Counts(*sums([whole.right, whole.predicted, whole.actual, whole.confusion], accelerator))


def inner_loop(distilled: DistilledSet, device: torch.device, own: bool = True) -> Loop:
    """How networks are trained on a set, on `device`; attention labels are for its `own` network alone."""
    if distilled.recipe.inner == "plain":
        mask = None if distilled.mask is None else distilled.mask.to(device)
        samples, labels = distilled.samples.to(device), distilled.labels.to(device)
        return plain_loop(distilled.recipe, samples, labels, mask, distilled.learning_rates[0, 0].item())
    attention = distilled.attention if own else None
    rates, momentum, mask = distilled.learning_rates[0], distilled.momentum, distilled.mask
    parts = (distilled.samples, distilled.labels, rates, momentum, mask, attention)
    return InnerLoop(*(None if part is None else part.to(device) for part in parts))  # type: ignore[arg-type]


def check_fits(distilled: DistilledSet, split: Split) -> None:
    """Raise UsageError unless the set was made for inputs like those of `split`, and for its classes."""
    check_classes(distilled, split.classes)
    largest = int(split.labels.max()) if len(split) else 0
    if largest >= len(distilled.classes):
        raise UsageError(f"the set tells {len(distilled.classes)} classes apart, and the data hold a label {largest}")
    if not split.space.holds(distilled.space):
        raise UsageError(
            f"the set's samples are {distilled.space}, the data give {split.space}: "
            f"read the data as its recipe does (for text, with its word vectors)"
        )


def check_classes(distilled: DistilledSet, classes: Sequence[str]) -> None:
    """Raise UsageError unless a set tells these classes apart, which are none where they are not known."""
    if classes and list(classes) != distilled.classes:
        raise UsageError(f"the set tells {', '.join(distilled.classes)} apart, the data hold {', '.join(classes)}")

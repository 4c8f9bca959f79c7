"""How well a distilled set trains: many networks at once, on the whole test split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import stdev

from accelerate import Accelerator

from tdd.data.protocols import Split
from tdd.distillation.accuracy import accuracy_of_set, check_fits, check_initialisation
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.networks.initialisation import draw
from tdd.networks.registry import build_network
from tdd.system.processes import gather
from tdd.system.seeds import generator


@dataclass(frozen=True)
class Evaluation:
    """Distillation accuracy (paper 4.1) of one or many networks.

    Attributes:
        init: "fixed", the set's own initialisation, or "random", a fresh draw for each network.
        accuracies: one for each network, in [0, 1].
        examples: test examples each was tested on.
        of: examples in the test split.
    """

    init: str
    accuracies: list[float]
    examples: int
    of: int

    @property
    def mean(self) -> float:
        """Mean accuracy."""
        return sum(self.accuracies) / len(self.accuracies)

    @property
    def sd(self) -> float:
        """Standard deviation over networks (n - 1 in the denominator), 0 for a single one."""
        if len(self.accuracies) < 2:
            return 0.0
        return stdev(self.accuracies)

    def as_dict(self) -> dict[str, object]:
        """The evaluation as it stands in ``results.json``."""
        return {
            "mean": self.mean,
            "sd": self.sd,
            "networks": len(self.accuracies),
            "accuracies": self.accuracies,
            "test_examples": self.examples,
            "test_split": self.of,
        }


def evaluate(
    distilled: DistilledSet,
    test: Split,
    networks: int = 200,
    init: str | None = None,
    seed: int = 0,
    max_test: int | None = None,
    accelerator: Accelerator | None = None,
    on_progress: Callable[[Evaluation], None] = lambda _: None,
) -> Evaluation:
    """Train networks on the distilled set and test them.

    Args:
        distilled: the set.
        test: real examples, read whole unless `max_test` is given.
        networks: fresh networks for random initialisation; a fixed one is a single network.
        init: "fixed" or "random"; None: the one the set was made for.
        seed: seed of the fresh networks.
        max_test: test on this many examples only.
        accelerator: device and processes; networks are shared out over processes.
        on_progress: called with the evaluation so far whenever more networks are done.

    Raises:
        UsageError: a fixed initialisation is asked for and the set has none, or the test data do not fit the set.
    """
    accelerator = accelerator or Accelerator()
    init = init or distilled.recipe.init
    if init == "fixed" and distilled.initialisation is None:
        raise UsageError("this set was made for random initialisations and holds no fixed one; use --init random")
    check_fits(distilled, test)
    network = build_network(distilled.recipe, tuple(distilled.samples.shape[2:]), len(distilled.classes))
    if init == "fixed":
        networks = 1
        check_initialisation(distilled, network)
    by_network: dict[int, float] = {}
    mine = list(range(networks))[accelerator.process_index :: accelerator.num_processes]
    examples = len(test) if max_test is None else min(max_test, len(test))
    group = distilled.recipe.networks_at_once
    for start in range(0, len(mine), group):
        indices = mine[start : start + group]
        theta = (
            {name: value[None].to(accelerator.device) for name, value in (distilled.initialisation or {}).items()}
            if init == "fixed"
            else draw(network, [generator(seed, "evaluation", i) for i in indices], accelerator.device)
        )
        accuracies = accuracy_of_set(network, theta, distilled, test, accelerator.device, max_test)
        by_network |= dict(zip(indices, accuracies.tolist(), strict=True))
        on_progress(Evaluation(init, list(by_network.values()), examples, len(test)))
    return Evaluation(init, gather(by_network, networks, accelerator), examples, len(test))

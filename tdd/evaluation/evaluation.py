"""How well a distilled set trains: many networks at once, on the whole test split."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accelerate import Accelerator
from torch import nn

from tdd.data.protocols import Split
from tdd.distillation.accuracy import check_fits, counts_by_all, inner_loop
from tdd.distillation.learner_of_set import learner_of
from tdd.distillation.loops import train_by
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError, check_choice, check_count, check_kind
from tdd.evaluation.class_figures import class_figures, effective_examples, mean_and_sd
from tdd.evaluation.kept_tests import KeptTests
from tdd.evaluation.names import LEARNERS, NETWORKS
from tdd.networks.kernels.parameters import Parameters
from tdd.settings.networks import entry_of
from tdd.system.formatting import percent
from tdd.system.processes import accelerator as default_accelerator
from tdd.system.reporter import Reporter


@dataclass(frozen=True)
class Evaluation:
    """Distillation accuracy (paper 4.1) of one or many networks.

    Attributes:
        init: "fixed", the set's own initialisation, or "random", a fresh draw for each network.
        accuracies: one for each network, in [0, 1].
        examples: test examples each was tested on.
        of: examples in the test split.
        figures: those of `class_figures`; of a set for a pool the evaluation of each network as "by_network" instead;
            none before all networks are tested.
        train_seconds: time to train one of them, which is no part of equality; None: none was trained here.
    """

    init: str
    accuracies: list[float]
    examples: int
    of: int
    figures: dict[str, Any] = field(default_factory=dict)
    train_seconds: float | None = field(default=None, compare=False)

    @property
    def mean(self) -> float:
        """Mean accuracy."""
        return mean_and_sd(self.accuracies)["mean"]

    @property
    def sd(self) -> float:
        """Standard deviation over networks (n - 1 in the denominator), 0 for a single one."""
        return mean_and_sd(self.accuracies)["sd"]

    def __repr__(self) -> str:
        networks = "one network" if len(self.accuracies) == 1 else f"{len(self.accuracies)} networks"
        test = f"{self.examples:,} of {self.of:,} test examples"
        return f"Evaluation({percent(self.mean, self.sd)}, {self.init} initialisation, {networks}, {test})"

    def as_dict(self) -> dict[str, object]:
        """The evaluation as it stands in ``results.json``."""
        return {
            "mean": self.mean,
            "sd": self.sd,
            "networks": len(self.accuracies),
            "accuracies": self.accuracies,
            "test_examples": self.examples,
            "test_split": self.of,
            **self.figures,
        }


def _of_pool(evaluations: Mapping[str, Evaluation]) -> Evaluation:
    """The evaluation of a set for a pool: the accuracies of all its networks, and each network's under "by_network"."""
    one, *_ = evaluations.values()
    accuracies = [accuracy for each in evaluations.values() for accuracy in each.accuracies]
    figures = {"by_network": {network: each.as_dict() for network, each in evaluations.items()}}
    seconds = [each.train_seconds for each in evaluations.values() if each.train_seconds is not None]
    mean = sum(seconds) / len(seconds) if seconds else None
    return Evaluation(one.init, accuracies, one.examples, one.of, figures, mean)


def teller(
    reporter: Reporter, networks: int, what: str, kept: KeptTests | None = None, tell_figures: bool = True
) -> Callable[[Evaluation], None]:
    """What tells `reporter` how many of so many fresh networks are tested, and their accuracy."""

    def tell(so_far: Evaluation) -> None:
        if so_far.init != "random":
            return
        figures = f": {percent(so_far.mean, so_far.sd)}" if tell_figures else ""
        before = kept is not None and kept.last is not None and so_far.accuracies is kept.last.found
        say = reporter.begin if before else reporter.count
        say(len(so_far.accuracies), networks, f"{what}{figures}")

    return tell


def evaluate(
    distilled: DistilledSet,
    test: Split,
    networks: int | None = None,
    init: str | None = None,
    seed: int = 0,
    max_test: int | None = None,
    accelerator: Accelerator | None = None,
    on_progress: Callable[[Evaluation], None] | None = None,
    network: str | nn.Module | None = None,
    initialisation: str | None = None,
    kept: KeptTests | None = None,
) -> Evaluation:
    """Train networks on the distilled set and test them; of a set for a pool, those of every network of that.

    Args:
        distilled: the set.
        test: real examples, read whole unless `max_test` is given.
        networks: fresh networks for random initialisation; None: 200. A fixed one is a single network.
        init: "fixed" or "random"; None: the one the set was made for.
        seed: seed of the fresh networks.
        max_test: test on this many examples only.
        accelerator: device and processes; networks are shared out over processes.
        on_progress: called with the evaluation so far whenever more networks are done; None: that is told on standard
            error, see `tdd.disable_progress`.
        network: one of the set's pool by its name, or the user's own, see `tdd.networks.learner.make_learner`; None:
            those the set was made for. Another one takes the set's rates as they are: `tdd.transfer` finds what they
            are best multiplied by.
        initialisation: how fresh networks are drawn, see `tdd.settings.initialisations`; None: as the set's were.
        kept: where the networks tested so far are kept, see `KeptTests`; None: nowhere.

    Raises:
        UsageError: a fixed initialisation is asked for and the set has none, or has none of `network`, or of
            `initialisation`, the test data do not fit the set or have other classes, or an argument is none of those
            above.
    """
    check_kind("distilled", distilled, DistilledSet, "tdd.DistilledSet.from_pretrained(FOLDER)")
    if not hasattr(test, "batches"):
        raise UsageError(f"test is a split of real examples, not a {type(test).__name__}: pass corpus.test")
    _check_single(network)
    accelerator = accelerator or default_accelerator()
    if on_progress is None:
        with Reporter(quiet=not accelerator.is_main_process) as reporter:
            told = teller(reporter, networks or NETWORKS, "networks tested", kept)
            rest = (network, initialisation, kept)
            return evaluate(distilled, test, networks, init, seed, max_test, accelerator, told, *rest)
    recipe = distilled.recipe
    init = recipe.init if init is None else init
    check_choice("init", init, ("fixed", "random"))
    for name, count in (("networks", networks), ("max_test", max_test)):
        if count is not None:
            check_count(name, count)
    if init == "fixed" and networks not in (None, 1):
        raise UsageError(
            "networks counts fresh networks, and a fixed initialisation is a single one: use init='random'"
        )
    if init == "fixed" and distilled.initialisation is None:
        raise UsageError(
            "this set was made for random initialisations and holds no fixed one; test it by init random (--init)"
        )
    if init == "fixed" and initialisation is not None:
        raise UsageError("a fixed initialisation is the set's own: test others with init random (--init random)")
    check_fits(distilled, test)
    if recipe.pool and network is None:
        evaluations = {
            each: evaluate(
                distilled.alone(each),
                test,
                networks,
                init,
                seed,
                max_test,
                accelerator,
                on_progress,
                None,
                initialisation,
                kept,
            )
            for each in recipe.pool
        }
        return _of_pool(evaluations)
    if recipe.pool:  # another network takes the learning rates of the first one
        distilled = distilled.alone(network if isinstance(network, str) and network in recipe.pool else None)
        recipe = distilled.recipe
    learner = learner_of(distilled, network, accelerator.device, initialisation)
    start = distilled.initialisation or {}
    if init == "fixed" and learner.name != recipe.network and not learner.can_start_from(start):
        raise UsageError(
            f"the set's initialisation is one of {recipe.network}: test {learner.name} from others, with init='random'"
        )
    fixed = learner.theta_of(start) if init == "fixed" else None
    networks = 1 if fixed else networks or NETWORKS
    kernel = learner.kernel()
    inner = inner_loop(distilled, accelerator.device, own=learner.name == recipe.network)
    examples = len(test) if max_test is None else min(max_test, len(test))

    seconds: list[float] = []

    def trained(indices: list[int]) -> Parameters:
        begun = time.monotonic()
        theta = train_by(inner, kernel, fixed or learner.starts(seed, "evaluation", indices=indices))
        seconds.extend([(time.monotonic() - begun) / len(indices)] * len(indices))
        return theta

    counted = None
    if kept is not None and entry_of(learner.name).comes_with_tdd:  # the code of others may change
        together = networks if accelerator.num_processes > 1 else 0  # how many there are decides who tests which
        about = (learner.name, learner.signature(), repr(recipe.options), learner.initialisations, together)
        counted = kept.counts(distilled, accelerator, *about, init, seed, max_test, test.labels.tolist())
    counts = counts_by_all(
        trained,
        kernel,
        test,
        networks,
        len(distilled.classes),
        recipe.networks_at_once,
        accelerator,
        max_test,
        lambda so_far: on_progress(Evaluation(init, so_far, examples, len(test))),
        counted,
    )
    figures = class_figures(counts, distilled.classes, effective_examples(test, max_test))
    mean = sum(seconds) / len(seconds) if seconds else None
    return Evaluation(init, counts.accuracy().tolist(), examples, len(test), figures, mean)


def _check_single(network: Any) -> None:
    """Raise UsageError for what `tdd.transfer` tests on."""
    if isinstance(network, list | tuple) or network in LEARNERS:
        names = [network] if isinstance(network, str) else list(network)
        raise UsageError(f"network is a single network: test on others by tdd.transfer(distilled, corpus, {names})")

"""What a distilled set of n samples is compared with (paper 4.1 and 4.3): each baseline, measured by its name.

Sets of real examples, with their own labels or a teacher's, and points made of them, train the same network as the
distilled set: for the same number of gradient steps at a constant learning rate, or plainly. Rates, neighbours, draws
and teachers are chosen on held-out training data; the test split is read once a baseline, at its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from accelerate import Accelerator
from torch import Tensor, nn

from tdd.data.real_examples import LoadFeatures
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.evaluation import Evaluation
from tdd.evaluation.full_data import train_on_all
from tdd.evaluation.learned_labels import learn_labels
from tdd.evaluation.names import PLAIN, RANDOM, REAL, SUBJECT, choice_and_labels
from tdd.evaluation.nearest_neighbours import NEIGHBOURS, neighbours_accuracy
from tdd.evaluation.plain_learner import PlainTrainers
from tdd.evaluation.plain_training import Lesson, samples_or_texts
from tdd.evaluation.rate_search import RATES, T, Trainer, by_inner_loop, choose, with_rate
from tdd.evaluation.real_sets import RealSets
from tdd.evaluation.small_step import evaluation_step
from tdd.evaluation.students import judged_teachers
from tdd.networks.learner import make_learner
from tdd.networks.own import network_to_use
from tdd.settings.full import multiples
from tdd.settings.recipe import Recipe
from tdd.system.processes import accelerator as default_accelerator
from tdd.system.reporter import Reporter

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

OPTIMISED_SHARE = 0.2
"""Share of the random draws that "optimised" keeps (Wang et al., arXiv 1811.10959, section 4)."""
PLAIN_FACTORS = (0.3, 1.0, 3.0)
"""Plain training: the step sizes that are tried are the network's own times each of these."""
PLAIN_DRAWS, PLAIN_NETWORKS = 5, 10
"""Plain training: most draws of real examples, and most fresh networks of each baseline."""


class Baselines:
    """The baselines of a recipe's set on its data.

    Args:
        recipe: the set's settings: network, initialisation, n and its steps, epochs.
        corpus: the data.
        draws: random sets of n real examples.
        networks: fresh networks tested for each baseline (random initialisation), shared out over its draws.
        initialisation: the parameters of a fixed initialisation; None: those that `Distiller` draws.
        accelerator: the device.
        reporter: where progress is told, without test accuracies.
        network: the user's own network, see `make_learner`; None: the recipe's.
        distilled: the set, which can then be trained on plainly too; None: it need not be there.
        words: that real texts have at most in total; None: as many as the set, where it is made of words.
        minilm: see `RealSets`.
    """

    def __init__(
        self,
        recipe: Recipe,
        corpus: Corpus,
        draws: int,
        networks: int,
        initialisation: dict[str, Tensor] | None = None,
        accelerator: Accelerator | None = None,
        reporter: Reporter | None = None,
        network: str | nn.Module | None = None,
        distilled: DistilledSet | None = None,
        words: int | None = None,
        minilm: LoadFeatures | None = None,
    ):
        assert not recipe.pool, "baselines are measured by one network of a pool: Recipe.alone"
        recipe = recipe.settled(len(corpus.classes), **corpus.found())
        self.recipe, self.corpus, self.draws, self.networks = recipe, corpus, draws, networks
        self.distilled, self.classes = distilled, len(corpus.classes)
        self.accelerator, self.reporter = accelerator or default_accelerator(), reporter or Reporter(quiet=True)
        self.network = network_to_use(recipe.network, network)
        space, device = corpus.train.space, self.accelerator.device
        learner = make_learner(self.network, recipe.options, space, self.classes, device, recipe.initialisation)
        self.initialisation = None
        if recipe.init == "fixed":
            self.initialisation = initialisation or learner.to_keep(learner.fixed_start(recipe.seed))
        self.learner, fixed = learner, self.initialisation
        if words is None and distilled is not None:
            words = distilled.words
        self.sets = RealSets(recipe, corpus, draws, fixed, words, minilm)
        self.trainer = Trainer(learner, recipe, corpus, fixed, by_inner_loop(learner), with_rate, RATES, self._tell)
        self.plain = PlainTrainers(self.network, recipe, corpus, fixed, device, self._tell)
        self.how = self.plain.how
        self.sets.teachers = judged_teachers(learner, self.plain, self.sets, self._tell_of_teachers)

    def small_step(self) -> Callable[[], object]:
        """What most baselines do over and over, see `evaluation_step`."""
        return evaluation_step(self.sets.random[0], self.corpus.test, self.networks, self.network, self.learner.device)

    def measure(self, name: str) -> dict[str, Any]:
        """Measure the baseline `name` of `tdd.evaluation.names.NAMES`, or the set itself by plain training.

        Returns:
            "mean" and "sd" of the "accuracies" on the test split, and what the deviation is "sd_over"; how many
            "draws" of samples and, where there are any, "networks", their "init" and "gradient_steps"; what was chosen
            ("learning_rate", "neighbours", "teacher") by "validation_accuracy"; "words" of texts; "test_examples",
            "test_split", "train_seconds" of a network and "seconds" of all.
        """
        start = time.monotonic()
        if name == SUBJECT + PLAIN:
            result = self._set_plainly()
        elif name.endswith(PLAIN):
            result = self._plainly(name.removesuffix(PLAIN))
        elif name in REAL and name != RANDOM:
            result = self._real(name)
        else:
            result = self._other(name)
        return result | {"seconds": round(time.monotonic() - start, 1)}

    def _other(self, name: str) -> dict[str, Any]:
        sets = self.sets
        measured: dict[str, Any] = {
            "random": lambda: self._trained(self.trainer, sets.random, self._random_held_out, **self._of("random")),
            "optimised": self._optimised,
            "kmeans": lambda: self._by_steps(sets.kmeans),
            "average": lambda: self._by_steps([sets.average]),
            "knn_random": lambda: self._neighbours(sets.random),
            "knn_kmeans": lambda: self._neighbours(sets.kmeans),
            "label_only": self._labels_learned,
            "full": self._full,
        }
        result: dict[str, Any] = measured[name]()
        return result

    @cached_property
    def _random_held_out(self) -> Tensor:
        return self.trainer.held_out(self.sets.random)

    def _optimised(self) -> dict[str, Any]:
        """The draws best on held-out data."""
        keep = max(1, round(OPTIMISED_SHARE * len(self.sets.random)))
        _, kept = choose(self._random_held_out, keep)
        words = self._words([self.sets.places(RANDOM)[place] for place in kept])
        return self._trained(self.trainer, self.sets.random, self._random_held_out, keep, words=words)

    def _by_steps(self, sets: Sequence[DistilledSet], **details: Any) -> dict[str, Any]:
        """Networks trained for as many gradient steps as the distilled set has."""
        return self._trained(self.trainer, sets, self.trainer.held_out(sets), **details)

    def _real(self, name: str) -> dict[str, Any]:
        """Real examples, by as many gradient steps."""
        return self._by_steps([self.sets.by_steps(real) for real in self.sets.real(name)], **self._of(name))

    def _plainly(self, name: str) -> dict[str, Any]:
        """Real examples, by plain training."""
        train = self.corpus.train
        lessons = [Lesson(real.examples(train), self.how) for real in self.sets.real(name, PLAIN_DRAWS)]
        return self._taught_plainly(lessons, **self._of(name, PLAIN_DRAWS))

    def _set_plainly(self) -> dict[str, Any]:
        """The set itself, by plain training."""
        assert self.distilled is not None
        examples = samples_or_texts(self.distilled, self.corpus.train)
        return self._taught_plainly([Lesson(examples, self.how)], words=self.distilled.words)

    def _taught_plainly(self, lessons: Sequence[Lesson], **details: Any) -> dict[str, Any]:
        trainer = self.plain.of(lessons[0].examples, multiples(self.how.rate, PLAIN_FACTORS))
        held_out = trainer.held_out(lessons, -(-self.recipe.validation_networks // len(lessons)))
        networks = min(self.networks, PLAIN_NETWORKS)
        return self._trained(trainer, lessons, held_out, networks=networks, gradient_steps=self.how.steps, **details)

    def _of(self, name: str, draws: int | None = None) -> dict[str, Any]:
        """What is told of the real sets called `name`, of so many draws at most: words are the mean over these."""
        choice, kind = choice_and_labels(name)
        details: dict[str, Any] = {"words": self._words(self.sets.places(choice)[:draws])}
        return details if kind == "hard" else details | {"teacher": self.sets.teachers.chosen}

    def _words(self, draws: Sequence[Tensor]) -> int | None:
        """Words of the real examples at some places, the mean over draws; None: they are images."""
        found = [self.sets.labelled(places, "hard").words(self.corpus.train) for places in draws]
        counts = [count for count in found if count is not None]
        return round(sum(counts) / len(counts)) if counts else None

    def _trained(
        self, trainer: Trainer[T], sets: Sequence[T], held_out: Tensor, keep: int | None = None, **details: Any
    ) -> dict[str, Any]:
        """Networks trained on the `keep` best sets, or all, at the best learning rate."""
        setting, kept = choose(held_out, keep or len(sets))
        rate = trainer.rates[setting]
        details |= {"learning_rate": rate, "validation_accuracy": held_out[kept, setting].mean().item()}
        return self._tested(trainer, [trainer.with_rate(sets[place], rate) for place in kept], **details)

    def _tested(
        self, trainer: Trainer[T], sets: Sequence[T], networks: int | None = None, **details: Any
    ) -> dict[str, Any]:
        accuracies = trainer.tested(sets, networks or self.networks)
        details["train_seconds"] = round(trainer.seconds / len(accuracies), 3)
        fresh = self.initialisation is None
        sd_over = [name for name, varies in (("networks", fresh), ("draws", len(sets) > 1)) if varies]
        details.setdefault("gradient_steps", self.recipe.gradient_steps(self.sets.steps))
        return self._result(accuracies, sd_over, init=self.recipe.init, draws=len(sets), **details)

    def _neighbours(self, sets: Sequence[DistilledSet]) -> dict[str, Any]:
        tried = [k for k in NEIGHBOURS if k <= self.recipe.n]
        held_out = neighbours_accuracy(sets, tried, self.corpus.validation, self.recipe.max_validation)
        setting, _ = choose(held_out, len(sets))
        tested = neighbours_accuracy(sets, tried[setting : setting + 1], self.corpus.test, len(self.corpus.test))
        return self._result(
            tested[:, 0].tolist(),
            ["draws"] if len(sets) > 1 else [],
            networks=0,
            draws=len(sets),
            neighbours=tried[setting],
            validation_accuracy=held_out[:, setting].mean().item(),
        )

    def _labels_learned(self) -> dict[str, Any]:
        """See `learn_labels`."""
        fitted, held_out = learn_labels(self.sets, self.corpus, self.accelerator, self.reporter, self.network)
        return self._tested(self.trainer, fitted, outer_steps=self.recipe.outer_steps, validation_accuracy=held_out)

    def _full(self) -> dict[str, Any]:
        full = train_on_all(self.recipe, self.corpus, self.accelerator, self.reporter, self.network)
        return self._result([full["accuracy"]], [], **full)

    def _result(self, accuracies: list[float], sd_over: Sequence[str], **details: Any) -> dict[str, Any]:
        size = len(self.corpus.test)
        evaluation = Evaluation(self.recipe.init, accuracies, size, size)
        return evaluation.as_dict() | {"sd_over": " and ".join(sd_over)} | details

    def _tell(self, done: int, total: int, purpose: str) -> None:
        self.reporter.count(done, total, f"networks trained for {purpose}")

    def _tell_of_teachers(self, done: int, total: int) -> None:
        self.reporter.count(done, total, "batches that teachers learned from")

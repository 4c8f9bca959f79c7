"""What a set is worth to learners that it was not learned on: two protocols, fresh networks, real examples beside it.

*Learned steps*: the set's own gradient steps and rates. For a network that is not its own the rates are multiplied by
one of `FACTORS`, chosen on held-out training data.

*Plain training*: AdamW in shuffled mini-batches, by settings that are fixed for every kind of network
(`tdd.settings.plain_settings`), without early stopping; logistic regression for learners that are no networks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

import torch

from tdd.data.text import TextSplit
from tdd.errors import UsageError
from tdd.evaluation.given import Given, GivenSet, told_of
from tdd.evaluation.kept_rows import KeptRows
from tdd.evaluation.learner_names import check_learner
from tdd.evaluation.names import FROZEN, LEARNERS, PROTOCOLS, SUBJECT, TFIDF
from tdd.evaluation.plain_learner import plain_learner
from tdd.evaluation.plain_training import Lesson
from tdd.evaluation.rate_search import Trainer, by_inner_loop, by_plain_training, scaled
from tdd.evaluation.small_step import training_step
from tdd.evaluation.spaces import Spaces
from tdd.evaluation.text_learners import SentenceVectors, TfIdf
from tdd.evaluation.transfer_result import result_of
from tdd.networks.learner import Learner, make_learner
from tdd.settings.encoder_names import MINILM, is_encoder
from tdd.settings.initialisations import USUAL_INITIALISATION
from tdd.settings.networks import entry_of
from tdd.settings.plain_settings import plain_settings

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus
    from tdd.settings.recipe import Recipe

Protocol = Literal["learned", "plain", "both"]
Rows = Mapping[str, Sequence[Given]]
"""Sets by the name of their row, `SUBJECT` first; several draws of one row are tested together."""

FACTORS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Learned steps of another network: what all learned rates may be multiplied by."""
TESTED, TESTED_ENCODERS = 5, 3
"""Fresh networks trained on each row, unless told otherwise; of pretrained encoders, which take minutes, fewer."""
JUDGES, ENCODER_JUDGES = 4, 1
"""Fresh networks that judge a factor."""
MOST_HELD_OUT = 500
"""Held-out texts that encoders are judged by at most."""


@dataclass
class Transfer:
    """Tests of sets on one learner after the other.

    Attributes:
        spaces: the data.
        recipe: of the set; the seed of the networks, and how many are trained at once.
        rows: what is tested.
        networks: fresh networks for each row; None: `TESTED`, or `TESTED_ENCODERS`.
        device: where it is computed.
        max_test: test on this many examples only.
        tell: called with the networks done, their number, and their purpose.
        kept: where results are kept as soon as they are there.
        options: of the network that is tested; None: those of the set's own, or the usual ones.
    """

    spaces: Spaces
    recipe: Recipe
    rows: Rows
    networks: int | None
    device: torch.device
    max_test: int | None = None
    tell: Callable[[int, int, str], None] = lambda done, total, purpose: None
    kept: KeptRows = field(default_factory=KeptRows)
    options: Mapping[str, Any] | None = None

    def check(self, network: str, protocol: Protocol) -> None:
        """Raise UsageError, before anything is trained, where the network cannot be given one of the rows."""
        check_learner(network)
        tested = _Tested(self, network)
        if network in LEARNERS and not isinstance(tested.read.train, TextSplit):
            raise UsageError(f"{network} reads text and the data are images: name networks for images")
        _ = tested.of_texts
        if protocol == "learned" and (network in LEARNERS or not self._subject_has_steps):
            what = f"{LEARNERS[network]} takes" if network in LEARNERS else "texts from a file have"
            raise UsageError(f"{what} no learned steps: train plainly (--protocol plain)")
        for row in self.rows.values():
            for given in row:
                if not isinstance(given.examples(tested.read), TextSplit) and network in LEARNERS:
                    raise UsageError(
                        f"{network} learns from words, and the set is made of numbers: distil with samples: words "
                        "(--samples words)"
                    )

    def measure(self, network: str, protocol: Protocol) -> dict[str, dict[str, dict[str, Any]]]:
        """Results by protocol and row, of those protocols that the network and the rows have."""
        tested, found = _Tested(self, network), dict[str, dict[str, dict[str, Any]]]()
        # The code of a user's own network may change, and what was measured of it with that.
        kept = self.kept if network in LEARNERS or entry_of(network).comes_with_tdd else KeptRows()
        if protocol != "plain" and network not in LEARNERS and self._subject_has_steps:
            by_steps = partial(tested.by_learned_steps, self.rows[SUBJECT][0])
            found["learned"] = {SUBJECT: kept.get(f"{network}, learned", by_steps)}
        if protocol != "learned":
            tests = {name: partial(tested.plainly, name, row) for name, row in self.rows.items()}
            found["plain"] = {name: kept.get(f"{network}, plain, {name}", tests[name]) for name in tests}
        return found

    def small_step(self, network: str) -> Callable[[], object] | None:
        """What testing a network does over and over, see `training_step`; None: it is none."""
        learner = _Tested(self, network).of_texts if network not in LEARNERS else None
        return None if learner is None else training_step(learner, self.spaces.of(network).test, 64)

    @property
    def _subject_has_steps(self) -> bool:
        return isinstance(self.rows[SUBJECT][0], GivenSet)


class _Tested:
    """One learner."""

    def __init__(self, transfer: Transfer, network: str):
        self.transfer, self.network = transfer, network
        self.read: Corpus = transfer.spaces.of(network)
        self.encoder = is_encoder(network)
        most = transfer.recipe.max_validation
        at_once = {"networks_at_once": 1, "max_validation": min(most, MOST_HELD_OUT)} if self.encoder else {}
        self.recipe = transfer.recipe.model_copy(update=at_once)
        self.count = transfer.networks or (TESTED_ENCODERS if self.encoder else TESTED)

    @cached_property
    def of_texts(self) -> Learner | None:
        """The network in plain training on texts, or on images; None: it is none."""
        if self.network == TFIDF:
            return None
        return self._made({"train": "head"}) if self.network == FROZEN else self._plain_learner(True)

    @cached_property
    def of_samples(self) -> Learner:
        """The network in plain training on embedded samples."""
        return self._plain_learner(False)

    def _plain_learner(self, texts: bool) -> Learner:
        ways, device = self.recipe.initialisation, self.transfer.device
        return plain_learner(self.network, self._options(self.network), self.read, device, ways, texts)

    def by_learned_steps(self, given: Given) -> dict[str, Any]:
        """The set's own steps, at its rates or, where the network is not its own, at these times a factor."""
        distilled = given.steps(self.read)
        assert distilled is not None
        own = self.network in self.recipe.learners and self.transfer.options is None
        distilled = distilled.alone(self.network if own else None)
        learner = self._made(None)
        learner.check_reads(distilled.space.shape)
        fixed = distilled.initialisation if own and self.recipe.init == "fixed" else None
        trainer = Trainer(
            learner,
            self.recipe,
            self.read,
            fixed,
            by_inner_loop(learner, own),
            scaled,
            [1.0] if own else FACTORS,
            self._tell("learned"),
            self.transfer.max_test,
        )
        details: dict[str, Any] = {"init": "random" if fixed is None else "fixed", "inner": self.recipe.inner}
        if not own:
            held_out = trainer.held_out([distilled], ENCODER_JUDGES if self.encoder else JUDGES)
            details["factor"] = trainer.rates[int(held_out[0].argmax())]
            distilled = scaled(distilled, details["factor"])
        reached = trainer.validated_and_tested([distilled], 1 if fixed else self.count)
        details["gradient_steps"] = distilled.recipe.gradient_steps(len(distilled.samples))
        return self._result(*reached, 1, trainer.seconds, told_of([given]), details)

    def plainly(self, name: str, row: Sequence[Given]) -> dict[str, Any]:
        """All sets of a row, by plain training."""
        examples: list[Any] = [given.examples(self.read) for given in row]
        if self.network in LEARNERS:
            return self._fitted(examples, told_of(row))
        learner = self.of_texts if isinstance(examples[0], TextSplit) else self.of_samples
        assert learner is not None
        how = plain_settings(self.network)
        trainer = Trainer(
            learner,
            self.recipe,
            self.read,
            None,
            by_plain_training(learner, self.recipe.seed),
            Lesson.at,
            [how.rate],
            self._tell(f"plain, {name}"),
            self.transfer.max_test,
        )
        reached = trainer.validated_and_tested([Lesson(each, how) for each in examples], self.count)
        details = {"init": "random", "fresh": self.count, "gradient_steps": how.steps}
        return self._result(*reached, len(row), trainer.seconds, told_of(row), details)

    def _fitted(self, examples: Sequence[TextSplit], about: dict[str, Any]) -> dict[str, Any]:
        learner: TfIdf | SentenceVectors = TfIdf() if self.of_texts is None else SentenceVectors(self.of_texts)
        validation, test = self.read.validation, self.read.test
        assert isinstance(validation, TextSplit) and isinstance(test, TextSplit)
        most = self.recipe.max_validation if self.network == TFIDF else min(MOST_HELD_OUT, self.recipe.max_validation)
        begun = time.monotonic()
        fitted = [learner.fitted(each) for each in examples]
        seconds = time.monotonic() - begun
        held_out = [each.accuracy(validation, most) for each in fitted]
        accuracies = [each.accuracy(test, self.transfer.max_test) for each in fitted]
        return self._result(sum(held_out) / len(held_out), accuracies, len(examples), seconds, about, None)

    def _result(
        self,
        held_out: float,
        accuracies: list[float],
        draws: int,
        seconds: float,
        about: dict[str, Any],
        details: dict[str, Any] | None,
    ) -> dict[str, Any]:
        split = self.read.test, self.transfer.max_test
        result = result_of(held_out, accuracies, draws, split, details)
        cost = {"train_seconds": round(seconds / len(accuracies), 3)}
        ways = ", ".join(self.recipe.initialisation)
        drawn = {} if details is None or ways == USUAL_INITIALISATION else {"initialisation": ways}
        return result | {"seed": self.recipe.seed} | drawn | cost | about

    def _made(self, options: dict[str, Any] | None) -> Learner:
        name = MINILM if self.network == FROZEN else self.network
        given: Any = self._options(name) if options is None else options
        ways = self.recipe.initialisation
        return make_learner(name, given, self.read.train.space, len(self.read.classes), self.transfer.device, ways)

    def _options(self, name: str) -> Any:
        if self.transfer.options is not None:
            return self.transfer.options
        return self.recipe.alone(name).options if name in self.recipe.learners else {}

    def _tell(self, what: str) -> Callable[[int, int, str], None]:
        about = f"{self.network}, {PROTOCOLS.get(what, what)}"
        return lambda done, total, purpose: self.transfer.tell(done, total, f"{about}: networks for {purpose}")

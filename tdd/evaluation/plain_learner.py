"""The network that plain training trains: of a pretrained encoder all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from tdd.data.text import TextSplit
from tdd.evaluation.adam import Examples
from tdd.evaluation.plain_training import Lesson
from tdd.evaluation.rate_search import Trainer, by_plain_training
from tdd.networks.learner import Learner, make_learner
from tdd.networks.own import name_of
from tdd.networks.whole_encoder import whole_encoder
from tdd.settings.encoder_names import is_encoder
from tdd.settings.networks import NetworkOptions
from tdd.settings.plain_settings import PlainSettings, inner_rate, plain_settings

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus
    from tdd.settings.recipe import Recipe


def plain_learner(
    network: str | nn.Module,
    options: NetworkOptions | Mapping[str, Any],
    read: Corpus,
    device: torch.device,
    initialisation: Sequence[str],
    texts: bool,
) -> Learner:
    """The network as plain training takes it.

    A pretrained encoder is fine-tuned whole, the vectors of its word pieces too where it learns from texts. From
    embedded samples, which are made for the vectors as they are, all its layers are.

    Args:
        network, options, device, initialisation: see `make_learner`.
        read: the data, in the space of the network.
        texts: whether it learns from texts.
    """
    space, classes = read.train.space, len(read.classes)
    if not (isinstance(network, str) and is_encoder(network)):
        return make_learner(network, options, space, classes, device, initialisation)
    given = options.model_dump() if isinstance(options, NetworkOptions) else dict(options)
    make = whole_encoder if texts else make_learner
    return make(network, given | {"train": "all"}, space, classes, device, initialisation)


@dataclass
class PlainTrainers:
    """Plain training of one network on whatever examples.

    Attributes:
        network: its name, or the user's own.
        recipe: options, initialisation, seed.
        corpus: the data, in the space of the network.
        fixed: the parameters of a fixed initialisation; None: fresh networks.
        device: where it is computed.
        tell: called with the networks done, their number, and their purpose.
        whole: fine-tune all of a pretrained encoder; else what its options say, as the inner loop does.
    """

    network: str | nn.Module
    recipe: Recipe
    corpus: Corpus
    fixed: dict[str, Tensor] | None
    device: torch.device
    tell: Callable[[int, int, str], None]
    whole: bool = True

    @property
    def how(self) -> PlainSettings:
        """How it is trained on."""
        name = self.network if isinstance(self.network, str) else name_of(self.network)
        how = plain_settings(name)
        return how if self.whole else replace(how, rate=inner_rate(name, self.recipe.options))

    def of(self, examples: Examples, rates: Sequence[float]) -> Trainer[Lesson]:
        """What trains on such examples, at the best of these step sizes."""
        learner = self._of_texts if isinstance(examples, TextSplit) else self._of_samples
        # Of an encoder that is trained whole, a set keeps the classifier, and what it was trained in beside that.
        fixed = self.fixed and {name: value for name, value in self.fixed.items() if name in learner.trained}
        learn = by_plain_training(learner, self.recipe.seed)
        return Trainer(learner, self.recipe, self.corpus, fixed, learn, Lesson.at, rates, self.tell)

    @cached_property
    def _of_texts(self) -> Learner:
        return self._learner(True)

    @cached_property
    def _of_samples(self) -> Learner:
        return self._learner(False)

    def _learner(self, texts: bool) -> Learner:
        recipe, read = self.recipe, self.corpus
        if not self.whole:
            about = (read.train.space, len(read.classes), self.device, recipe.initialisation)
            return make_learner(self.network, recipe.options, *about)
        return plain_learner(self.network, recipe.options, read, self.device, recipe.initialisation, texts)

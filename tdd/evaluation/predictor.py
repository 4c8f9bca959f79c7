"""A network trained on a distilled set that tells the class of texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from tdd.data.text import TextSplit
from tdd.distillation.accuracy import TEST_BATCH, inner_loop
from tdd.distillation.learner_of_set import learner_of
from tdd.distillation.loops import first_steps, train_by
from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.vectors import check_vectors, load_vectors_of
from tdd.embeddings.encoded import EncodedTexts
from tdd.errors import UsageError
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.learner import Learner
from tdd.system.memory import CPU
from tdd.system.threads import Suited

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tdd.embeddings.protocol import Embedding

Text = str | tuple[str, str]
"""A text, or two of a pair."""
MEASURED = 8
"""Texts by which it is measured how many processor threads suit a network."""


def trained_on(
    distilled: DistilledSet, network: str | nn.Module | None = None, seed: int = 0, device: torch.device = CPU
) -> tuple[Learner, Parameters]:
    """A network trained on the set, stacked (1, ...): from the set's own initialisation, or else a draw with `seed`.

    Of a pool it is the first one.
    """
    distilled = distilled.alone()
    learner = learner_of(distilled, network, device)
    own = distilled.initialisation
    theta = learner.starts(seed, "train") if own is None else learner.theta_of(own)
    loop, kernel = inner_loop(distilled, device), learner.kernel()
    with Suited(device).within(partial(train_by, first_steps(loop, 1), kernel, theta)):
        return learner, train_by(loop, kernel, theta)


class Predictor:
    """Tells the class of texts by a network that is trained on a set when this is made, which takes seconds.

    Args:
        distilled: a set of texts.
        vectors: those it was distilled with; None: loaded by their name.
        seed: of the network's draw, where the set has no initialisation of its own.
        network: the user's own network, see `tdd.networks.learner.make_learner`; None: the set's.
        device: where it is computed.

    Raises:
        UsageError: the set holds images, or the vectors are not those it was distilled with.
    """

    def __init__(
        self,
        distilled: DistilledSet,
        vectors: Embedding | None = None,
        seed: int = 0,
        network: str | nn.Module | None = None,
        device: torch.device = CPU,
    ):
        if distilled.space.kind != "text":
            raise UsageError("this set holds images: only the class of texts can be told")
        self.vectors = load_vectors_of(distilled) if vectors is None else vectors
        check_vectors(distilled, self.vectors)
        self.classes = list(distilled.classes)
        # An encoder has a separator whatever its texts are.
        self.of_pairs = distilled.pair is not None
        self.length = distilled.network_space.shape[0]
        self.learner, self.theta = trained_on(distilled, network, seed, device)
        self._threads = Suited(device)

    def probabilities(self, texts: Sequence[Text]) -> NDArray[np.float64]:
        """The probability of each class (N, C), for each text or pair of texts.

        Raises:
            UsageError: a text is no text, or no pair where the set is one of pairs.
        """
        self._check(texts)
        if not len(texts):
            return np.empty((0, len(self.classes)))
        split = self._encoded(texts)
        kernel, probabilities = self.learner.kernel(), np.empty((len(texts), len(self.classes)))
        order, some = split.order(), split.batch(torch.arange(min(len(texts), MEASURED))).to(self.learner.device)
        with self._threads.within(lambda: kernel.logits(self.theta, some), is_usual=len(texts) >= MEASURED):
            for places, batch in zip(order.split(TEST_BATCH), split.batches(TEST_BATCH), strict=True):
                logits = kernel.logits(self.theta, batch.to(self.learner.device))[0]
                probabilities[places.numpy()] = logits.double().softmax(1).cpu().numpy()
        return probabilities

    def _check(self, texts: Sequence[Text]) -> None:
        for number, text in enumerate(texts, 1):
            pair = isinstance(text, tuple | list) and len(text) == 2 and all(isinstance(part, str) for part in text)
            if not (pair if self.of_pairs else isinstance(text, str)):
                what = "a pair of texts, (text, text): a file has them in two columns" if self.of_pairs else "a text"
                raise UsageError(f"text {number} is {type(text).__name__}, not {what}")

    def _encoded(self, texts: Sequence[Text]) -> TextSplit:
        firsts = [text if isinstance(text, str) else text[0] for text in texts]
        seconds = [text[1] for text in texts if not isinstance(text, str)]
        encoded = self.vectors.encode_all(firsts, seconds if self.of_pairs else None)
        lengths = np.diff(encoded.offsets)
        if not lengths.all():  # of a text without a word: it reads as one that is not known
            rows = [encoded.ids[start : start + count] for start, count in zip(encoded.offsets, lengths, strict=False)]
            encoded = EncodedTexts.of_codes([row.tolist() or [-1] for row in rows])
        ids, offsets = torch.from_numpy(encoded.ids), torch.from_numpy(encoded.offsets)
        return TextSplit(ids, offsets, torch.zeros(len(texts), dtype=torch.int64), self.vectors, self.length)

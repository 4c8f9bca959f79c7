"""Plain training: the settings that every kind of network has there, whatever it is trained on.

Chosen once, on held-out training data, for real examples; never on a test split, and never on a distilled set. How, and
the figures: docs/plain-settings.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from tdd.settings.encoder_names import is_encoder
from tdd.settings.networks import NetworkOptions


@dataclass(frozen=True)
class PlainSettings:
    """AdamW (arXiv 1711.05101) in shuffled mini-batches, for a number of steps that is fixed.

    Attributes:
        rate: largest step size; it rises over the warm-up and falls along a cosine to 0.
        steps: gradient steps.
        batch: most examples of a mini-batch.
        weight_decay: of AdamW.
        warmup: share of the steps over which the step size rises.
        clip: largest norm of a network's gradient; None: any.
        dropout: whether a network's dropout is on.
    """

    rate: float
    steps: int = 200
    batch: int = 64
    weight_decay: float = 0.01
    warmup: float = 0.0
    clip: float | None = 1.0
    dropout: bool = True

    def share_of_rate(self, step: int) -> float:
        """What of `rate` the step size of a step is, counted from 0."""
        from math import cos, pi

        rising = round(self.warmup * self.steps)
        if step < rising:
            return (step + 1) / rising
        return (1 + cos(pi * (step - rising) / max(1, self.steps - rising))) / 2


FINE_TUNING = PlainSettings(1e-4, warmup=0.5)
"""Of pretrained encoders, all of whose layers are trained: the protocol of DiLM (Maekawa et al., NAACL 2024)."""
HEAD_RATE = 3e-3
"""Step size of the inner loop where the classifier alone is trained on a frozen encoder. Of 1e-4 to 3e-2 it is, by 200
steps on herded examples, the best on held-out data of TREC-6 and SST-5 together; by 1e-4 it stays near chance."""
PLAIN = {
    "text_cnn": PlainSettings(3e-3),
    "mean_pool": PlainSettings(1e-3),
    "bag_of_words": PlainSettings(3e-2),
    "lstm": PlainSettings(1e-3),
    "gru": PlainSettings(3e-3),
    "transformer": PlainSettings(1e-3),
}
OTHERS = PlainSettings(3e-3)
"""Of networks that are not named: those for images, and a user's own."""
TFIDF_C = 10.0
"""Logistic regression on TF-IDF: weight of the data against that of the penalty."""
EMBEDDINGS_C = 1.0
"""Logistic regression on sentence embeddings of unit length."""


def head_alone(options: NetworkOptions) -> bool:
    """Whether the classifier on a frozen encoder is all that is trained."""
    return getattr(options, "train", None) == "head"


def inner_rate(network: str, options: NetworkOptions) -> float:
    """Step size of plain training as the inner loop: that of plain training, where the same is trained."""
    return HEAD_RATE if head_alone(options) else plain_settings(network).rate


def plain_settings(network: str) -> PlainSettings:
    """The settings of a network by its name."""
    return FINE_TUNING if is_encoder(network) else PLAIN.get(network, OTHERS)

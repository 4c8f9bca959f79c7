"""The settings of the distilled set, and of sentences of real words."""

from __future__ import annotations

from typing import Literal, get_args

from tdd.settings.fields import Settings, setting
from tdd.settings.from_data import USUAL_RATE

# What takes the place of none.
USUAL_STEPS = "up to 10 that leave a step a sample for each class, or else as near to 10 as divide n"

Chosen = Literal[
    "herding",
    "k_center",
    "nearest",
    "confident",
    "herding_minilm",
    "k_center_minilm",
    "nearest_minilm",
    "confident_minilm",
]
CHOSEN: tuple[str, ...] = get_args(Chosen)
"""Ways to choose the real examples to start from, which the baselines have too; see `tdd.data.real_examples`."""

StartFrom = Literal["noise", "real"] | Chosen
"""What samples start from."""


class SetSettings(Settings):
    """The distilled set."""

    n: int = setting(
        20, "number of distilled samples, steps x samples per step", unit="samples", flag=True, short="n", ge=1
    )
    steps: int | None = setting(None, "inner steps of an epoch", none=USUAL_STEPS, unit="inner steps", flag=True, ge=1)
    epochs: int = setting(1, "times the inner steps are repeated", unit="epochs", source="paper 3.4", flag=True, ge=1)
    init: Literal["fixed", "random"] = setting(
        "fixed", "distil for one network initialisation, or for any fresh one", source="paper 3.4", flag=True
    )
    inner: Literal["learned", "plain"] = setting(
        "learned",
        "networks learn from the set by gradient steps with learned rates, one after the other, or by plain training: "
        "AdamW in mini-batches drawn anew",
        flag=True,
    )
    labels: Literal["soft", "hard"] = setting("soft", "learned soft labels, or fixed one-hot ones", source="paper 3.2")
    samples: Literal["free", "words", "phrases", "real"] = setting(
        "free",
        "samples are any learned numbers, sentences of real words, clauses of training texts, or training examples",
        source="paper 3.4",
        flag=True,
    )
    sample_length: int | None = setting(None, "length of a distilled sentence", none="max_length", unit="tokens", ge=1)
    samples_init: StartFrom | None = setting(
        None,
        "start from noise, real examples drawn at random, or real ones chosen as for the baselines: herding, k_center, "
        "nearest (to the centroids of k-means), confident (herding of those whose class is clear), by the means of "
        "their vectors or, with _minilm behind the name, by MiniLM's sentence vectors",
        none="noise for free samples, else real examples",
    )
    start_from: str | None = setting(
        None,
        "run folder or owner/name of a distilled set to start from: its samples, labels and learning rates",
        none="noise or real examples, see samples_init",
        flag=True,
    )
    labels_init: Literal["one_hot", "teacher"] = setting(
        "one_hot", "soft labels start as the classes of the samples, or as what a teacher stopped early says of them"
    )
    samples_scale: float = setting(
        0.3, "standard deviation of the noise to start from", unit="that of real inputs", gt=0
    )
    attention_labels: Literal["none", "first", "all"] = setting(
        "none",
        "attention learned with the samples as a second label: of the first position, CLS, or of all (encoders)",
        source="Maekawa et al., 2023.acl-short.12",
    )
    attention_layers: int = setting(1, "last layers of the encoder that have attention labels", unit="layers", ge=1)
    attention_weight: float = setting(
        1.0, "sum of a position's attention labels at their start; soft labels sum to 1", gt=0
    )
    learning_rate: float | None = setting(None, "start of every learned inner learning rate", none=USUAL_RATE, gt=0)
    momentum: float = setting(
        0.0, "start of the learned inner momentum; 0: none", source="heavy ball, Polyak 1964", ge=0, lt=1
    )


class ExchangeSettings(Settings):
    """Samples of real clauses or texts (samples: phrases, real)."""

    no_exchange: bool = setting(
        False, "samples stay the examples that they start from; their labels alone are learned", flag=True
    )
    exchange_every: int = setting(
        4, "from one attempt to exchange clauses or texts to the next", unit="outer steps", ge=1
    )
    exchanges: int = setting(2, "clauses or texts that an attempt exchanges, at most", unit="exchanges", ge=1)


class WordSettings(Settings):
    """Sentences of real words (samples: words)."""

    vocabulary: int = setting(8000, "most frequent words of the training split that may be used", unit="words", ge=2)
    vocabulary_file: str | None = setting(
        None, "file with the words instead, separated by white space", none="the most frequent words"
    )
    excluded_words: list[str] = setting([], "words that no sentence may hold")
    padding: Literal["none", "end"] = setting(
        "none", "none: words at all L positions; end: no more than in the real sentence it starts as"
    )
    neighbours: int = setting(
        0, "words that a gradient tells apart on its way to a latent vector; 0: straight through", unit="words", ge=0
    )
    temperature: float = setting(1.0, "softness of the choice among neighbours", unit="that of a nearest word", gt=0)
    commitment: float = setting(0.0, "pull of a latent vector to its word", source="VQ-VAE, arXiv 1711.00937", ge=0)

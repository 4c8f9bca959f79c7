"""The networks that a set can be distilled for: what they read, their own settings, and where they are defined.

A new network is a class in `tdd.networks.architectures`, and here its options and its entry. Nothing here imports
torch: a recipe is checked, and ``tdd --help`` printed, without it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import ConfigDict, field_validator, model_validator

from tdd.errors import UsageError, nearest
from tdd.settings.encoder_names import HUB, MINILM, is_encoder
from tdd.settings.fields import Settings, setting

Reads = Literal["text", "image"]
StateFormat = Literal["float32", "bfloat16"]

CODE = "python:"
"""What the name of a network begins with that is a user's own class: ``python:package.module:Class``."""
LOCAL = "<locals>"
"""What Python writes into the name of a class that is defined inside a function: nobody can import that."""


class NetworkOptions(Settings):
    """A network's own settings; this one has none."""

    @property
    def least_length(self) -> int:
        """Tokens that a sentence must have at least."""
        return 1


class OwnOptions(NetworkOptions):
    """Settings of a user's own network: whatever its class takes."""

    model_config = ConfigDict(extra="allow")


class TextCNNOptions(NetworkOptions):
    """Settings of `text_cnn`."""

    widths: list[int] = setting([3, 4, 5], "words that each filter bank spans", unit="words", min_length=1)
    filters: int = setting(100, "filters of each width", unit="filters", source="paper 4.2", ge=1)
    dropout: float = setting(0.5, "dropout before the classifier, on real data only (--full)", ge=0, lt=1)

    @field_validator("widths")
    @classmethod
    def _distinct(cls, value: list[int]) -> list[int]:
        if min(value) < 1 or len(set(value)) < len(value):
            raise ValueError("filter widths must be different positive numbers")
        return value

    @property
    def least_length(self) -> int:
        """Tokens that a sentence must have at least."""
        return max(self.widths)


class MeanPoolOptions(NetworkOptions):
    """Settings of `mean_pool`."""

    hidden: int = setting(128, "units of each hidden layer", unit="units", ge=1)
    layers: int = setting(
        1, "hidden layers between the mean of the words and the classifier", unit="layers", ge=0, le=100
    )
    dropout: float = setting(0.5, "dropout after each hidden layer, on real data only (--full)", ge=0, lt=1)


class BagOfWordsOptions(NetworkOptions):
    """Settings of `bag_of_words`."""

    words: int = setting(4096, "known words: the first ones of the vectors, most frequent first", unit="words", ge=2)
    sharpness: float = setting(16, "how far a vector is read as the nearest known word alone", gt=0)


class RecurrentOptions(NetworkOptions):
    """Settings of `lstm` and `gru`."""

    hidden: int = setting(64, "units of each layer and direction", unit="units", ge=1)
    layers: int = setting(1, "recurrent layers", unit="layers", ge=1, le=100)
    bidirectional: bool = setting(True, "read sentences backwards too")
    pooling: Literal["max", "mean", "last"] = setting("max", "how the states of all words become one vector")
    dropout: float = setting(0.5, "dropout before the classifier, on real data only (--full)", ge=0, lt=1)


class TransformerOptions(NetworkOptions):
    """Settings of `transformer`."""

    hidden: int = setting(64, "width of the states", unit="units", ge=1)
    layers: int = setting(1, "layers of attention and feed-forward, at most 4", unit="layers", ge=1, le=4)
    heads: int = setting(4, "attention heads, which divide `hidden`", unit="heads", ge=1)
    feedforward: int = setting(128, "units between the two feed-forward maps", unit="units", ge=1)
    dropout: float = setting(0.1, "dropout, on real data only (--full)", ge=0, lt=1)

    @model_validator(mode="after")
    def _heads_divide(self) -> TransformerOptions:
        if self.hidden % self.heads:
            raise ValueError(f"hidden = {self.hidden} does not split into {self.heads} heads")
        return self


class EncoderOptions(NetworkOptions):
    """Settings of pretrained encoders."""

    train: str = setting(
        "last:2", "what is trained: head, last:K (layers), lora:R (rank) or all", source="LoRA, arXiv 2106.09685"
    )
    pooling: Literal["mean", "cls"] = setting("mean", "how the states of all pieces become one vector")
    hidden_states: StateFormat = setting(
        "float32",
        "format that states of real texts below what is trained are kept in on disk; bfloat16: half the space",
    )

    @field_validator("train")
    @classmethod
    def _known(cls, value: str) -> str:
        if not re.fullmatch(r"head|all|(last|lora):[1-9]\d*", value):
            raise ValueError("train is head, last:K, lora:R or all, with a number in place of K and R")
        return value


class ConvNetOptions(NetworkOptions):
    """Settings of `convnet`."""

    filters: int = setting(128, "filters of each convolution", unit="filters", ge=1)


@dataclass(frozen=True)
class Entry:
    """A network of the registry.

    Attributes:
        home: ``module:Class``, imported when the network is used. The class is called with the `InputSpace` of its
            examples, the number of classes, and its options.
        reads: what its examples are; None: whatever the data are.
        about: the network in a few words, for help and the card.
        options: its own settings.
        pretrained: name of the weights it starts from, see `tdd.hub.encoders`; None: it is drawn.
        regularisers: what takes the place of those of `tdd.settings.from_data` that are none, where it is not 0.
    """

    home: str
    reads: Reads | None
    about: str
    options: type[NetworkOptions] = NetworkOptions
    pretrained: str | None = None
    regularisers: Mapping[str, float] = field(default_factory=dict)

    @property
    def comes_with_tdd(self) -> bool:
        """Whether its code is tdd's: it changes with tdd's version alone, and whoever has tdd has it."""
        return self.home.startswith("tdd.")


_HOME = "tdd.networks.architectures"
NETWORKS: dict[str, Entry] = {
    "text_cnn": Entry(
        f"{_HOME}.text_cnn:TextCNN",
        "text",
        "Kim's convolutional network (arXiv 1408.5882)",
        TextCNNOptions,
        regularisers={"label_smoothing": 0.2, "word_dropout": 0.3, "ema": 0.99},
    ),
    "mean_pool": Entry(
        f"{_HOME}.mean_pool:MeanPool", "text", "a deep averaging network (Iyyer et al. 2015)", MeanPoolOptions
    ),
    "bag_of_words": Entry(
        f"{_HOME}.bag_of_words:BagOfWords", "text", "inverse document frequencies of words, linear", BagOfWordsOptions
    ),
    "lstm": Entry(f"{_HOME}.lstm:LSTM", "text", "a long short-term memory", RecurrentOptions),
    "gru": Entry(f"{_HOME}.gru:GRU", "text", "gated recurrent units (arXiv 1406.1078)", RecurrentOptions),
    "transformer": Entry(
        f"{_HOME}.transformer:Transformer", "text", "a small transformer (arXiv 1706.03762)", TransformerOptions
    ),
    MINILM: Entry(
        f"{_HOME}.encoder:Encoder", "text", "MiniLM-L6, a pretrained encoder (arXiv 2002.10957)", EncoderOptions, MINILM
    ),
    "lenet": Entry(f"{_HOME}.lenet:LeNet", "image", "LeNet"),
    "alexcifarnet": Entry(f"{_HOME}.alexcifarnet:AlexCifarNet", "image", "AlexCifarNet (arXiv 1811.10959)"),
    "convnet": Entry(
        f"{_HOME}.convnet:ConvNet", "image", "the ConvNet most of the field distils for (2006.05929)", ConvNetOptions
    ),
}


def of_networks(regulariser: str) -> str:
    """What takes the place of a regulariser that is none, in words: ``0.2 of text_cnn (free samples), else 0``."""
    of = {
        name: entry.regularisers[regulariser] for name, entry in NETWORKS.items() if regulariser in entry.regularisers
    }
    having = [f"{value:g} of {name} (free samples)" for name, value in of.items()]
    return ", ".join([*having, "else 0"])


def entry_of(network: str) -> Entry:
    """The entry of a network by its name, or that of a user's own class.

    Raises:
        UsageError: no such network; the nearest name is offered.
    """
    if network in NETWORKS:
        return NETWORKS[network]
    if network.startswith(CODE):
        home = network.removeprefix(CODE)
        names = home.replace(":", ".").split(".")
        if home.count(":") != 1 or not all(part.isidentifier() or part == LOCAL for part in names):
            raise UsageError(f"{network}: a network of your own is named {CODE}package.module:Class")
        return Entry(home, None, home, OwnOptions)
    if is_encoder(network):
        return Entry(NETWORKS[MINILM].home, "text", f"the encoder {network.removeprefix(HUB)}", EncoderOptions, network)
    raise UsageError(
        f"no network '{network}'{nearest(network, list(NETWORKS))}, an encoder as {HUB}owner/name or {HUB}folder, "
        f"or your own as {CODE}module:Class"
    )


def networks_for(reads: Reads) -> list[str]:
    """Names of the networks for text or images."""
    return [name for name, entry in NETWORKS.items() if entry.reads == reads]


def checked_options(network: str, options: Mapping[str, Any] | NetworkOptions) -> NetworkOptions:
    """The options of a network, checked, with its defaults.

    Raises:
        ValueError: an unknown option, named with the nearest valid one.
        pydantic.ValidationError: a value of the wrong type or out of bounds.
    """
    kind = entry_of(network).options
    values = options.model_dump() if isinstance(options, NetworkOptions) else dict(options)
    if kind.model_config.get("extra") != "allow":
        for name in values:
            if name not in kind.model_fields:
                names = list(kind.model_fields)
                hint = nearest(str(name), names) if names else "; it has none"
                raise ValueError(f"{network} has no option '{name}'{hint}")
    return kind.model_validate(values)

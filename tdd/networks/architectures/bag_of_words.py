"""A bag of words: how much of each known word stands in a sentence, inverse document frequencies, a linear layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tdd.data.protocols import InputSpace
from tdd.embeddings.load import load_embedding
from tdd.embeddings.protocol import Embedding
from tdd.embeddings.table import Table, in_memory
from tdd.errors import UsageError
from tdd.networks.kernels.arithmetic import Precision
from tdd.networks.kernels.word_bags import WordBags
from tdd.networks.linear_upper import LinearUpper
from tdd.networks.source import plain_source
from tdd.settings.networks import BagOfWordsOptions

NAME = "bag_of_words"
# Length of the features: at one, inner learning rates would have to be a hundred times those of other networks.
LENGTH = 10.0
# A tenth of what the most frequent word weighs.
FLOOR = 0.07


class PlainBagOfWords(nn.Module):
    """Logistic regression on TF-IDF (Sparck Jones 1972) of embedded sentences, whose positions need not be words.

    A position counts as each known word by the softmax of its products with the directions of these from their mean,
    as far as that is more than by chance. By Zipf's law the v-th most frequent word stands in one of 1 + v texts.
    """

    def __init__(self, table: Tensor, classes: int, sharpness: float, length: float, floor: float):
        super().__init__()
        self.table, self.sharpness, self.length, self.floor = table, sharpness, length, floor
        self.upper = nn.ModuleDict({"classifier": nn.Linear(len(table), classes)})

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Logits (N, C) of sentences (N, L, d), of which `mask` (N, L) says where they have a word."""
        centred = self.table - self.table.mean(0)
        directions = nn.functional.normalize(centred) / centred.square().sum(1).mean().sqrt()
        near = ((x - self.table.mean(0)) @ directions.T * self.sharpness).softmax(2)
        words = (mask & x.any(2))[..., None]  # zeros are tokens without a vector
        bags = ((near - 1 / len(self.table)).relu() * words).sum(1)
        weights = bags * torch.arange(1, 1 + len(self.table)).to(bags).log1p()
        features = self.length * weights / (weights.square().sum(1, keepdim=True) + self.floor**2).sqrt()
        logits: Tensor = self.upper["classifier"](features)
        return logits


class BagOfWords(nn.Module):
    """The network of `PlainBagOfWords`, in two parts: features that nobody trains, and a linear layer.

    The known words are the first ones of the table that its examples are vectors of. A rarer word counts as the known
    ones that lie in its direction.

    Args:
        space: sentences (L, d). Its table is in memory, or can be loaded by its name; on "meta", and where the space
            names no table, the network is made of shapes alone.
        classes: C, number of logits.
        options: see `BagOfWordsOptions`.

    Attributes:
        words_of_table: V, the first words of the table that it is made of.

    Raises:
        UsageError: the table is not there, or has fewer words.
    """

    def __init__(self, space: InputSpace, classes: int, options: BagOfWordsOptions):
        super().__init__()
        self.words_of_table = options.words
        self.arguments = (classes, options.sharpness, LENGTH, FLOOR)
        self.front = WordBags(_first_words(space, options.words), options.sharpness, LENGTH, FLOOR)
        self.upper = LinearUpper(options.words, classes)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits (N, C) of sentences (N, L, d), of which `mask` (N, L) says where they have a word."""
        mask = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device) if mask is None else mask
        logits: Tensor = self.upper(*self.front(x, mask))
        return logits

    def hidden_states(self, precision: Precision = "float32") -> None:
        """None are kept on disk: the front makes those of a batch from what it keeps of each token."""

    def source(self) -> str:
        """See `plain_source`; `table` holds the vectors of the known words."""
        return plain_source(PlainBagOfWords, *self.arguments, given=["table"])


def _first_words(space: InputSpace, count: int) -> Tensor:
    """Vectors (V, d) of the first words of the table of a space."""
    shape, device = (count, space.shape[1]), torch.get_default_device()
    vectors: Table | Embedding | None = in_memory(space.embedding) if space.embedding else None
    if vectors is None and (space.embedding is None or device.type == "meta"):
        return torch.zeros(shape)
    if vectors is None and space.vectors is not None:
        loaded = (load_embedding(space.vectors, pair=pair) for pair in (False, True))
        vectors = next((each for each in loaded if each.checksum == space.embedding), None)
    if vectors is None or vectors.checksum != space.embedding:
        raise UsageError(f"{NAME} reads the words of its examples' own vectors, which are not there: load those first")
    if len(vectors) < count:
        raise UsageError(f"{NAME} knows words = {count}, and the vectors {vectors.name} have {len(vectors)}: lower it")
    return torch.zeros(shape) if device.type == "meta" else vectors.embed(torch.arange(1, 1 + count))

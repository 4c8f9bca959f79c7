"""A network trained on a distilled set, as a transformers model that reads raw text.

After `tdd.register_transformers()`, ``pipeline("text-classification", folder)`` loads it without code from the folder.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tdd.data.corpus import load_corpus
from tdd.data.protocols import InputSpace
from tdd.data.text import TextSplit
from tdd.distillation.accuracy import inner_loop, learner_of
from tdd.distillation.unroll import train
from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.distilled_set.vectors import check_vectors
from tdd.embeddings.fast_tokenizer import PAD, UNKNOWN, fast_tokenizer
from tdd.embeddings.protocol import Embedding
from tdd.embeddings.word_vectors import WordVectors, load_vectors
from tdd.errors import TddError, UsageError
from tdd.networks.learner import make_learner
from tdd.networks.own import network_to_use
from tdd.settings.networks import entry_of
from tdd.settings.recipe import Recipe
from tdd.settings.tokenizer_names import WORDS

try:
    from transformers import (
        AutoConfig,
        AutoModelForSequenceClassification,
        PreTrainedConfig,
        PreTrainedModel,
        PreTrainedTokenizerFast,
    )
    from transformers.modeling_outputs import SequenceClassifierOutput
except ImportError:
    raise TddError("models are saved by transformers, which is not installed: pip install transformers") from None

# The settings that shape the network.
SHAPE = ("network", "options", "max_length")


class DistilledConfig(PreTrainedConfig):  # type: ignore[misc]
    """What `DistilledClassifier` is made of.

    Args:
        shape: the recipe's settings that shape the network.
        dim: d, length of a word vector.
        vocab_size: tokens of the tokenizer.
        table_size: rows of the table of vectors, those of padding and unknown words included.
        made_from: data set, n, initialisation and word vectors of the distilled set.
    """

    model_type = "tdd"

    def __init__(
        self,
        shape: dict[str, Any] | None = None,
        dim: int = 50,
        vocab_size: int = 2,
        table_size: int = 2,
        made_from: dict[str, Any] | None = None,
        **others: Any,
    ):
        super().__init__(pad_token_id=others.pop("pad_token_id", 0), **others)
        self.shape, self.dim, self.made_from = shape or {}, dim, made_from or {}
        self.vocab_size, self.table_size = vocab_size, table_size


class DistilledClassifier(PreTrainedModel):  # type: ignore[misc]
    """A network that was trained on a distilled set, behind the frozen table of word vectors.

    Rows 0 and 1 of the table, padding and unknown words, are zero. The buffer `rows` has the row of each token: several
    may share one, as a word in lower case and in capitals does where the table has one of them alone.
    """

    config_class = DistilledConfig
    main_input_name = "input_ids"

    def __init__(self, config: DistilledConfig):
        super().__init__(config)
        recipe = Recipe.build(config.shape, where="config.json")
        self.register_buffer("rows", torch.zeros(config.vocab_size, dtype=torch.long))
        self.embedding = nn.Embedding(config.table_size, config.dim, padding_idx=0)
        self.embedding.weight.requires_grad_(False)
        space = InputSpace("text", (recipe.max_length, config.dim))
        network = network_to_use(recipe.network, None)
        learner = make_learner(network, recipe.options, space, config.num_labels)
        self.network, self.takes_mask = learner.module, learner.takes_mask
        self.length = recipe.max_length
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Every number is loaded; nothing is drawn."""

    def get_input_embeddings(self) -> nn.Module:
        """The table of word vectors."""
        return self.embedding

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        **_: Any,
    ) -> SequenceClassifierOutput:
        """Logits (N, C) of token ids (N, P), padded with zeros or cut to the network's length L.

        Args:
            input_ids: token ids.
            attention_mask: (N, P), 0 where a token does not count.
            labels: (N,) classes, for the loss.
        """
        ids = self.rows[input_ids]
        if attention_mask is not None:
            ids = ids * attention_mask
        ids = F.pad(ids, (0, max(0, self.length - ids.shape[1])))[:, : self.length]
        words = self.embedding(ids)
        logits = self.network(words, ids > 0) if self.takes_mask else self.network(words)
        loss = None if labels is None else F.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)


def register() -> None:
    """Make `DistilledClassifier` known to transformers' Auto classes."""
    AutoConfig.register(DistilledConfig.model_type, DistilledConfig, exist_ok=True)
    AutoModelForSequenceClassification.register(DistilledConfig, DistilledClassifier, exist_ok=True)


def trained_network(distilled: DistilledSet, seed: int = 0) -> nn.Module:
    """A network trained on the set: from the set's own initialisation, or else from a draw with `seed`."""
    device = torch.device("cpu")
    learner = learner_of(distilled, None, device)
    own = distilled.initialisation
    theta = learner.starts(seed, "train") if own is None else learner.theta_of(own)
    theta = train(learner.kernel(), theta, inner_loop(distilled, device))
    learner.module.load_state_dict({name: value[0] for name, value in theta.items()}, strict=False)
    return learner.module


def build_model(
    distilled: DistilledSet, vectors: WordVectors, rows: list[int] | None = None, seed: int = 0
) -> tuple[DistilledClassifier, PreTrainedTokenizerFast]:
    """A network trained on the set, with the table it needs, and its tokenizer.

    Args:
        distilled: a set of embedded text.
        vectors: the word vectors it was distilled with.
        rows: rows of the table to keep, best known words first; None: all of them.
        seed: of the network's draw, where the set has no initialisation of its own.

    Raises:
        UsageError: the set is not made of embedded text, or `vectors` are not those it was distilled with.
    """
    check_vectors(distilled, vectors)
    network = trained_network(distilled, seed)
    kept = list(range(len(vectors))) if rows is None else rows
    table = torch.cat([torch.zeros(2, vectors.dim), vectors.embed(torch.tensor(kept) + 1)])
    tokenizer, rows_of_tokens = fast_tokenizer(vectors, kept)
    recipe = public(distilled).recipe
    config = DistilledConfig(
        shape=recipe.model_dump(include=set(SHAPE)),
        dim=vectors.dim,
        vocab_size=len(rows_of_tokens),
        table_size=len(table),
        pad_token_id=tokenizer.token_to_id(PAD),
        made_from={"dataset": recipe.dataset, "n": distilled.n, "init": recipe.init, "vectors": recipe.vectors},
        id2label=dict(enumerate(distilled.classes)),
        label2id={name: label for label, name in enumerate(distilled.classes)},
        architectures=[DistilledClassifier.__name__],
    )
    model = DistilledClassifier(config).eval()
    model.embedding.weight.data.copy_(table)
    model.rows.copy_(torch.tensor(rows_of_tokens))
    model.network.load_state_dict(network.state_dict())
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        unk_token=UNKNOWN if tokenizer.token_to_id(UNKNOWN) is not None else None,
        model_input_names=["input_ids", "attention_mask"],
    )
    return model, fast


def train_model(
    distilled: DistilledSet,
    output: Path,
    vocabulary: Literal["data", "full"] = "data",
    seed: int = 0,
    data: str | None = None,
) -> DistilledClassifier:
    """Train a network on a distilled set and save it as a transformers model with its tokenizer.

    Args:
        distilled: a set of embedded text.
        output: a new or empty folder.
        vocabulary: the words of the data set, for a small file; or all words of the vectors.
        seed: of the network's draw, where the set has no initialisation of its own.
        data: folder or file to read the data set from, for its words.

    Raises:
        UsageError: the folder is not empty, the set holds images, or the data or vectors are not those of the set.
        TddError: the folder cannot be written to.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"'{output}' is not an empty folder; choose another --output")
    if not entry_of(distilled.recipe.network).comes_with_tdd:
        raise UsageError("a set made for a network of your own gives no transformers model that others could load")
    if entry_of(distilled.recipe.network).pretrained:
        raise UsageError("a set made for a pretrained encoder gives no transformers model; test it with tdd evaluate")
    recipe = distilled.recipe if data is None else distilled.recipe.model_copy(update={"data": data})
    vectors = load_vectors(recipe.vectors, recipe.tokenizer or WORDS)
    check_vectors(distilled, vectors)
    rows = words_of_data(recipe, vectors) if vocabulary == "data" else None
    model, tokenizer = build_model(distilled, vectors, rows, seed)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
        try:
            model.save_pretrained(temporary)
            tokenizer.save_pretrained(temporary)
            temporary.chmod(0o755)
            temporary.replace(output)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise TddError(f"cannot write {output}: {error.strerror or error}; free some space or choose another") from None
    return model


def words_of_data(recipe: Recipe, vectors: Embedding) -> list[int]:
    """Rows of the words that the splits of a data set hold, in the order of the table."""
    corpus = load_corpus(recipe, vectors)
    seen = np.zeros(len(vectors) + 1, dtype=bool)
    for split in (corpus.train, corpus.validation, corpus.test):
        if isinstance(split, TextSplit):
            seen[split.ids] = True
    return [int(row) for row in np.flatnonzero(seen[1:])]

"""A network trained on a distilled set and saved as a transformers model with its tokenizer."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from safetensors import SafetensorError
from torch import nn

from tdd.data.corpus import Corpus, load_corpus
from tdd.data.text import TextSplit
from tdd.distillation.data_of_set import check_made_of
from tdd.distillation.learner_of_set import learner_of
from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.distilled_set.vectors import check_vectors, load_vectors_of
from tdd.embeddings.fast_tokenizer import PAD, UNKNOWN, fast_tokenizer
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import TddError, UsageError
from tdd.evaluation.predictor import trained_on
from tdd.hub.layout import MODELING
from tdd.hub.quiet import without_bars
from tdd.publishing.encoder_model import build_encoder, code_of
from tdd.publishing.modeling_file import auto_map, modeling_file
from tdd.publishing.network_of_config import SHAPE
from tdd.publishing.transformers_model import DistilledClassifier, DistilledConfig
from tdd.settings.from_data import LONGEST
from tdd.settings.networks import entry_of
from tdd.settings.said import Where, read_from
from tdd.system.files import write_text
from tdd.system.memory import CPU

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


def trained_network(distilled: DistilledSet, seed: int = 0) -> nn.Module:
    """A network trained on the set, see `trained_on`."""
    learner, theta = trained_on(distilled, seed=seed)
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
    from transformers import PreTrainedTokenizerFast

    check_vectors(distilled, vectors)
    distilled = distilled.alone()
    learner, theta = trained_on(distilled, seed=seed)
    kept = list(range(len(vectors))) if rows is None else rows
    table = torch.cat([torch.zeros(2, vectors.dim), vectors.embed(torch.tensor(kept) + 1)])
    tokenizer, rows_of_tokens = fast_tokenizer(vectors, kept)
    recipe = public(distilled).recipe
    config = DistilledConfig(
        shape=recipe.model_dump(include=set(SHAPE)),
        length=recipe.max_length or LONGEST,
        takes_mask=learner.takes_mask,
        dim=vectors.dim,
        vocab_size=len(rows_of_tokens),
        table_size=len(table),
        separator=kept.index(vectors.separator[0] - 1) + 2 if vectors.separator else None,
        pad_token_id=tokenizer.token_to_id(PAD),
        made_from={
            **{"dataset": recipe.dataset, "n": distilled.n, "init": recipe.init, "vectors": recipe.vectors},
            "of_pairs": distilled.pair is not None,
        },
        id2label=dict(enumerate(distilled.classes)),
        label2id={name: label for label, name in enumerate(distilled.classes)},
        architectures=[DistilledClassifier.__name__],
    )
    if modeling_file(learner) is not None:
        config.auto_map = auto_map()
    model = DistilledClassifier(config).eval()
    model.embedding.weight.data.copy_(table)
    model.rows.copy_(torch.tensor(rows_of_tokens))
    learner.module.load_state_dict({name: value[0] for name, value in theta.items()}, strict=False)
    model.network.load_state_dict(learner.module.state_dict())
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
    data: Where = None,
    network: str | None = None,
) -> PreTrainedModel:
    """Train a network on a distilled set and save it as a transformers model with its tokenizer.

    Args:
        distilled: a set of embedded text. That of a pretrained encoder becomes transformers' own model of its kind,
            or one that carries its code where that cannot express it.
        output: a new or empty folder.
        vocabulary: the words of the data set, for a small file; or all words of the vectors.
        seed: of the network's draw, where the set has no initialisation of its own.
        data: where the data set is read from, for its words, and how, where that is not as the recipe says: a file or
            folder, or settings, as in ``{"data": "moved.csv", "delimiter": ";"}``; of an encoder none.
        network: which network of the set's pool is trained; None: the first.

    Raises:
        UsageError: the folder is not empty, the set was not made for `network` or holds images, or the data or
            vectors are not those of the set.
        TddError: the folder cannot be written to.
    """
    check_trainable(distilled, output, network)
    distilled = distilled.alone(network)
    if entry_of(distilled.recipe.network).pretrained:
        if data is not None:
            raise UsageError(f"{distilled.recipe.network} has word pieces of its own: leave the data out")
        encoder, pieces = build_encoder(distilled, trained_network(distilled, seed))
        _save(output, encoder, pieces, code_of(encoder))
        return encoder
    recipe = read_from(distilled.recipe, data)
    vectors = load_vectors_of(distilled)
    check_vectors(distilled, vectors)
    if not isinstance(vectors, WordVectors):
        raise UsageError(
            f"{distilled.recipe.network} reads the word pieces of {distilled.recipe.vectors} here, and models are "
            "saved of networks that read word vectors, or of encoders; use tdd predict"
        )
    rows = None
    if vocabulary == "data":
        corpus = load_corpus(recipe, vectors)
        check_made_of(distilled, corpus)
        rows = words_of_data(corpus)
    model, tokenizer = build_model(distilled, vectors, rows, seed)
    _save(output, model, tokenizer, modeling_file(learner_of(distilled, None, CPU)))
    return model


def check_trainable(distilled: DistilledSet, output: Path | None, network: str | None = None) -> None:
    """Raise UsageError where `train_model` makes no model of the set, or not in this folder."""
    if output is not None and output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"'{output}' is not an empty folder; choose another folder (--output)")
    if distilled.space.kind != "text":
        raise UsageError(
            "this set holds pictures, and tdd train makes classifiers of texts: its card's script trains a network"
        )
    if not entry_of(distilled.alone(network).recipe.network).comes_with_tdd:
        raise UsageError("a set made for a network of your own gives no transformers model that others could load")


def _save(output: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, code: str | None = None) -> None:
    """Write them into a folder that is there once all of it is; `code` is that of the model's own classes.

    Raises:
        TddError: the folder cannot be written to.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
        try:
            with without_bars():
                model.save_pretrained(temporary)
                tokenizer.save_pretrained(temporary)
            if code is not None:
                write_text(temporary / MODELING, code)
            temporary.chmod(0o755)
            for path in temporary.iterdir():  # not for its owner alone, as temporary files are
                path.chmod(0o644)
            temporary.replace(output)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        why = getattr(error, "strerror", None) or error
        raise TddError(f"cannot write {output}: {why}; free some space or choose another") from None


def words_of_data(corpus: Corpus) -> list[int]:
    """Rows of the words that the splits of a data set hold, in the order of the table."""
    assert isinstance(corpus.train, TextSplit)
    seen = np.zeros(len(corpus.train.vectors) + 1, dtype=bool)
    for split in (corpus.train, corpus.validation, corpus.test):
        assert isinstance(split, TextSplit)
        seen[split.ids] = True
    return [int(row) for row in np.flatnonzero(seen[1:])]

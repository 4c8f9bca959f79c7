"""The code of a set's network as a file without tdd, cut out of the files that tdd itself runs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from tdd.data.images import has_alpha, opaque
from tdd.data.packaged import digit_rows
from tdd.data.pairs import cut_row, kept_of_both, kept_of_first
from tdd.distillation.learner_of_set import learner_of
from tdd.distillation.mini_batches import even_size, mini_batches
from tdd.embeddings.spelling import usual_forms
from tdd.embeddings.word_vectors import EMBEDDED
from tdd.networks import encoder_parts
from tdd.networks.kernels import attention_loss
from tdd.networks.learner import Learner
from tdd.publishing.script_parts import embedded_vectors, labels_of, token_table
from tdd.publishing.tested_on import TestedOn
from tdd.settings.encoder_names import is_encoder
from tdd.settings.networks import CODE, entry_of
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from tdd.distilled_set.set import DistilledSet

_IMPORTS = {"mini_batches": "import hashlib", "cut_row": "import numpy as np"}
"""What functions that the script calls import."""
_FUTURE = "from __future__ import annotations\n"
_HEAD = f"""\
{_FUTURE}
import torch
import torch.nn.functional as F
from torch import Tensor, nn


"""
_OF_TDD = re.compile(r"^from tdd\.\S+ import .*\n", re.MULTILINE)


def published_network(distilled: DistilledSet) -> Learner | None:
    """The set's network, for its source and the inputs of its forward; None where it is none of tdd's alone.

    Of a pool it is the first one. There is none of code that only its user's word imports, and of pretrained encoders,
    which may lie in a folder of someone else.
    """
    distilled = distilled.alone()
    if distilled.recipe.network.startswith(CODE) or entry_of(distilled.recipe.network).pretrained:
        return None
    # Where "meta" will do, nothing is drawn and no memory taken.
    known = entry_of(distilled.recipe.network).comes_with_tdd
    return learner_of(distilled, None, torch.device("meta" if known else "cpu"))


def network_file(distilled: DistilledSet) -> str | None:
    """The text of a Python file with the set's network, which imports torch alone; None where there is none to show.

    It has a function `make_network`, or, of a pretrained encoder, what takes a model of transformers apart; and the
    functions that the script of the set needs beside it.
    """
    if entry_of(distilled.recipe.network).pretrained:
        text = _encoder_file()
    else:
        learner = published_network(distilled)
        source: Callable[[], str] | None = getattr(learner.module, "source", None) if learner else None
        if source is None:
            return None
        text = f'"""The network of this set."""\n\n{_HEAD}{source()}'
    beside = called(distilled)
    imported = [line for name, line in _IMPORTS.items() if name in beside]
    text = text.replace(_FUTURE, "\n".join([_FUTURE, *imported, ""]) if imported else _FUTURE, 1)
    return "\n\n".join([text, *(inspect.getsource(each) for functions in beside.values() for each in functions)])


def called(distilled: DistilledSet) -> dict[str, list[Callable[..., object]]]:
    """The functions of `network.py` that the script calls beside those of the network, by name, with all they need."""
    recipe, tested = distilled.recipe, TestedOn.of(distilled)
    functions: dict[str, list[Callable[..., object]]] = {"labels_of": [labels_of]}
    if distilled.space.kind == "image":
        functions["opaque"] = [has_alpha, opaque]
    if recipe.inner == "plain":
        functions["mini_batches"] = [generator, even_size, mini_batches]
    if distilled.space.kind == "text" and not entry_of(recipe.network).pretrained and not is_encoder(recipe.vectors):
        functions["token_table"] = [usual_forms, token_table]
        if recipe.vectors == EMBEDDED:
            functions["embedded_vectors"] = [embedded_vectors]
    if len(tested.columns) > 1:
        functions["cut_row"] = [kept_of_first, kept_of_both, cut_row]
    if tested.data.function == digit_rows.__name__:
        functions["digit_rows"] = [digit_rows]
    return functions


def _encoder_file() -> str:
    """`tdd.networks.encoder_parts`, with the little that it imports of tdd before it."""
    last_import = "from torch import Tensor, nn\n"
    head, _, parts = inspect.getsource(encoder_parts).partition(last_import)
    _, _, attention = inspect.getsource(attention_loss).partition("from torch import Tensor\n")
    head = head.replace("TYPE_CHECKING, Any\n", "TYPE_CHECKING, Any, NamedTuple\n") + last_import
    mistake = "\n\nclass UsageError(ValueError):\n    pass\n"
    return f"{head}{mistake}\n{attention.strip()}\n\n\n{_OF_TDD.sub('', parts).strip()}\n"

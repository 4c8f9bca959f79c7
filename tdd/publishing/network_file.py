"""The code of a set's network as a file without tdd, cut out of the files that tdd itself runs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from tdd.data.packaged import digit_rows
from tdd.data.pairs import cut_row, kept_of_both, kept_of_first
from tdd.distillation.learner_of_set import learner_of
from tdd.distillation.mini_batches import even_size, mini_batches
from tdd.networks import encoder_parts
from tdd.networks.kernels import attention_loss
from tdd.networks.learner import Learner
from tdd.publishing.tested_on import TestedOn
from tdd.settings.networks import CODE, entry_of
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from tdd.distilled_set.set import DistilledSet

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
    functions, imports = _for_the_script(distilled)
    if entry_of(distilled.recipe.network).pretrained:
        text = _encoder_file()
    else:
        learner = published_network(distilled)
        source: Callable[[], str] | None = getattr(learner.module, "source", None) if learner else None
        if source is None:
            return None
        text = f'"""The network of this set."""\n\n{_HEAD}{source()}'
    text = text.replace(_FUTURE, "\n".join([_FUTURE, *imports, ""]) if imports else _FUTURE, 1)
    return "\n\n".join([text, *map(inspect.getsource, functions)])


def _for_the_script(distilled: DistilledSet) -> tuple[list[Callable[..., object]], list[str]]:
    """The functions of tdd that the script calls for mini-batches, pairs and data of packages, and what they import."""
    functions: list[Callable[..., object]] = []
    imports: list[str] = []
    tested = TestedOn.of(distilled)
    if distilled.recipe.inner == "plain":
        functions, imports = [generator, even_size, mini_batches], ["import hashlib"]
    if len(tested.columns) > 1:
        functions += [kept_of_first, kept_of_both, cut_row]
        imports += ["", "import numpy as np"] if imports else ["import numpy as np"]
    functions += [digit_rows] if tested.data.function == digit_rows.__name__ else []
    return functions, imports


def _encoder_file() -> str:
    """`tdd.networks.encoder_parts`, with the little that it imports of tdd before it."""
    last_import = "from torch import Tensor, nn\n"
    head, _, parts = inspect.getsource(encoder_parts).partition(last_import)
    _, _, attention = inspect.getsource(attention_loss).partition("from torch import Tensor\n")
    head = head.replace("TYPE_CHECKING, Any\n", "TYPE_CHECKING, Any, NamedTuple\n") + last_import
    mistake = "\n\nclass UsageError(ValueError):\n    pass\n"
    return f"{head}{mistake}\n{attention.strip()}\n\n\n{_OF_TDD.sub('', parts).strip()}\n"

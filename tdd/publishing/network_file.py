"""The code of a set's network as a file without tdd, cut out of the files that tdd itself runs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from tdd.distillation.learner_of_set import learner_of
from tdd.networks import encoder_parts
from tdd.networks.kernels import attention_loss
from tdd.networks.learner import Learner
from tdd.settings.networks import CODE, entry_of

if TYPE_CHECKING:
    from tdd.distilled_set.set import DistilledSet

_HEAD = """\
from __future__ import annotations

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

    It has a function `make_network`, or, of a pretrained encoder, what takes a model of transformers apart.
    """
    if entry_of(distilled.recipe.network).pretrained:
        return _encoder_file()
    learner = published_network(distilled)
    source: Callable[[], str] | None = getattr(learner.module, "source", None) if learner else None
    return None if source is None else f'"""The network of this set."""\n\n{_HEAD}{source()}'


def _encoder_file() -> str:
    """`tdd.networks.encoder_parts`, with the little that it imports of tdd before it."""
    last_import = "from torch import Tensor, nn\n"
    head, _, parts = inspect.getsource(encoder_parts).partition(last_import)
    _, _, attention = inspect.getsource(attention_loss).partition("from torch import Tensor\n")
    head = head.replace("TYPE_CHECKING, Any\n", "TYPE_CHECKING, Any, NamedTuple\n") + last_import
    mistake = "\n\nclass UsageError(ValueError):\n    pass\n"
    return f"{head}{mistake}\n{attention.strip()}\n\n\n{_OF_TDD.sub('', parts).strip()}\n"

"""A set, and rows beside it, as `Transfer` tests them."""

import torch
from plain import CORPUS

from tdd.evaluation.given import GivenSet
from tdd.evaluation.names import SUBJECT
from tdd.evaluation.spaces import Spaces
from tdd.evaluation.transfer import Transfer

CPU = torch.device("cpu")


def transfer_of(distilled, corpus=CORPUS, networks=3, rows=None, **more):
    rows = {SUBJECT: [GivenSet(distilled, corpus)]} | (rows or {})
    return Transfer(Spaces(corpus), distilled.recipe, rows, networks, CPU, **more)

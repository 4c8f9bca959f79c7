"""The code that a saved transformers model carries, so that it loads where tdd is not installed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

from tdd.data.pairs import cut_pairs, kept_of_first
from tdd.hub.layout import MODELING
from tdd.networks.learner import Learner
from tdd.publishing import transformers_model

_OF_TDD = re.compile(r"^from tdd\.\S+ import .*\n", re.MULTILINE)
_NETWORK_OF = """\
def network_of(config: DistilledConfig) -> nn.Module:
    return make_network()
"""


def auto_map() -> dict[str, str]:
    """Where transformers' Auto classes find the model's own, as `config.json` says."""
    module = MODELING.removesuffix(".py")
    config, model = transformers_model.DistilledConfig, transformers_model.DistilledClassifier
    return {
        "AutoConfig": f"{module}.{config.__name__}",
        "AutoModelForSequenceClassification": f"{module}.{model.__name__}",
    }


def modeling_file(learner: Learner) -> str | None:
    """The text of `MODELING`: the classes that tdd itself uses, and the network's.

    None where the network's code is not published, or needs the vectors of words when it is made.
    """
    source: Callable[[], str] | None = getattr(learner.module, "source", None)
    if source is None or hasattr(learner.module, "words_of_table"):
        return None
    text = inspect.getsource(transformers_model)
    place = text.index("class DistilledConfig")
    own = "\n\n".join([source(), inspect.getsource(kept_of_first), inspect.getsource(cut_pairs), _NETWORK_OF])
    head = _OF_TDD.sub("", text[:place]).rstrip()
    head = head.replace("from typing import Any\n", "from collections.abc import Sequence\nfrom typing import Any\n")
    about = '"""A network trained on a distilled set, as a transformers model that reads raw text."""'
    return f"{about}\n\n{head[head.index('from __future__') :]}\n\n\n{own}\n\n{text[place:]}"

"""A model that `tdd train` saved tells the class of texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tdd.errors import TddError, UsageError
from tdd.evaluation.predictor import MEASURED, Text
from tdd.hub.quiet import quiet, without_bars
from tdd.publishing.auto_classes import register_transformers
from tdd.system.memory import CPU
from tdd.system.threads import Suited

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONFIG = "config.json"
_AT_ONCE = 32
# Tokens that a tokenizer names where nothing bounds them.
_UNBOUNDED = 10**6


def is_saved_model(folder: Path) -> bool:
    """Whether a folder holds a model, and not the set of a run."""
    return (folder / CONFIG).is_file() and any(folder.glob("model*.safetensors"))


class SavedModel:
    """A trained classifier of texts in a folder, read as data: no code, no pickles, nothing from elsewhere.

    Args:
        folder: that `tdd train` wrote.

    Raises:
        TddError: its files cannot be read.
    """

    def __init__(self, folder: Path):
        register_transformers()
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        self.folder = folder
        how: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            with quiet(), without_bars():
                self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, **how)
                loaded: Any = AutoModelForSequenceClassification.from_pretrained(
                    folder, use_safetensors=True, dtype=torch.float32, **how
                )
        except TddError:
            raise
        except Exception as error:  # of many kinds
            lines = str(error).strip().splitlines()
            why = lines[0][:200] if lines else type(error).__name__
            raise TddError(f"the model in '{folder}' cannot be read ({why}); train it again with tdd train") from None
        self.model = loaded.eval()
        self._threads = Suited(CPU)
        made_from = getattr(loaded.config, "made_from", None)
        self._of_pairs: bool | None = made_from.get("of_pairs") if isinstance(made_from, dict) else None
        self.classes = [str(loaded.config.id2label[place]) for place in range(loaded.config.num_labels)]

    def probabilities(self, texts: Sequence[Text]) -> NDArray[np.float64]:
        """The probability of each class (N, C), for each text or pair of texts.

        Raises:
            UsageError: texts and pairs are mixed, or are not what the model was trained on, where it says that.
        """
        pairs = {not isinstance(text, str) for text in texts}
        if len(pairs) > 1:
            raise UsageError("some of these are texts and some pairs of them: give either")
        if self._of_pairs is not None and pairs and pairs != {self._of_pairs}:
            if self._of_pairs:
                raise UsageError(
                    "the model reads pairs of texts, and these are single ones: a file has pairs in two columns "
                    "(--text-column A,B)"
                )
            raise UsageError("the model reads single texts, and these are pairs of them")
        if not len(texts):
            return np.empty((0, len(self.classes)))
        with self._threads.within(lambda: self._of(texts[:MEASURED]), is_usual=len(texts) >= MEASURED):
            return np.concatenate(
                [self._of(texts[start : start + _AT_ONCE]) for start in range(0, len(texts), _AT_ONCE)]
            )

    @torch.no_grad()
    def _of(self, texts: Sequence[Text]) -> NDArray[np.float64]:
        firsts = [text if isinstance(text, str) else text[0] for text in texts]
        seconds = [text[1] for text in texts if not isinstance(text, str)]
        bounded = self.tokenizer.model_max_length < _UNBOUNDED
        batch = self.tokenizer(firsts, seconds or None, return_tensors="pt", padding=True, truncation=bounded)
        probabilities: NDArray[np.float64] = self.model(**batch).logits.double().softmax(1).numpy()
        return probabilities

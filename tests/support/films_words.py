"""Texts that are known as such, a set of words learned from them, and a pretrained encoder that reads them too."""

from functools import cache

import torch
from tiny import SMALL
from tiny_encoders import films

from tdd.data.corpus import Corpus, load_corpus
from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.word_vectors import WordVectors
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator

WORDS = ["good", "film", "bad", *"bcdefghij"]
SETTINGS = {"dataset": "films", "max_length": 6, "n": 4, "outer_steps": 3, "batch_size": 8, "init": "random"}


def films_recipe(**settings) -> Recipe:
    return Recipe.build(SETTINGS | {"options": SMALL["text_cnn"], "data_from": "memory"} | settings)


@cache
def films_corpus() -> Corpus:
    table = torch.randn(len(WORDS), 4, generator=generator(0, "films")).numpy()
    recipe = Recipe.build(SETTINGS)
    return load_corpus(recipe, WordVectors("words", WORDS, table, "words"), films())


@cache
def films_set(samples: str = "words", init: str = "random") -> DistilledSet:
    more = {"padding": "end"} if samples == "words" else {}
    return Distiller(films_recipe(samples=samples, init=init, **more), films_corpus()).run()

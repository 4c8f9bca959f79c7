"""What is wrong with settings that are each right by themselves: impossible combinations, a line for each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from tdd.errors import UsageError
from tdd.settings.encoder_names import BY_MINILM, is_encoder
from tdd.settings.fields import Settings, settings_of
from tdd.settings.inner_parts import OF_LEARNED_STEPS, PLAIN_WINDOW, PlainLoopSettings
from tdd.settings.set_parts import ExchangeSettings, WordSettings
from tdd.settings.without_effect import OF_EXCHANGES, without_effect

if TYPE_CHECKING:
    from tdd.settings.networks import Reads
    from tdd.settings.parts import AllSettings


def faults(recipe: AllSettings) -> Iterator[str]:
    """A line for each fault, the most important first."""
    yield from _of_the_set(recipe)
    yield from _of_what_is_read(recipe, recipe.reads)
    yield from _of_lengths(recipe)
    yield from _of_words(recipe)
    yield from _of_plain_training(recipe)
    yield from _without_effect(recipe)
    yield from _of_the_outer_loop(recipe)


def _of_the_set(recipe: AllSettings) -> Iterator[str]:
    if recipe.steps is not None and recipe.n % recipe.steps:
        yield f"n = {recipe.n} does not split into {recipe.steps} steps; choose steps that divide n"
    if recipe.start_from is not None and recipe.samples_init is not None:
        yield f"a run starts from a set or from {recipe.samples_init}: leave start_from or samples_init out"
    if recipe.are_real and (recipe.samples_init == "noise" or recipe.start_from is not None):
        yield f"samples: {recipe.samples} are training texts: leave start_from and samples_init: noise out"
    if recipe.are_real and recipe.no_exchange and recipe.labels == "hard" and recipe.inner == "plain":
        yield "real samples with hard labels leave nothing to learn by plain training: use labels: soft"
    if recipe.start_from is not None and recipe.labels_init == "teacher":
        yield "a run that starts from a set has its labels: leave start_from or labels_init: teacher out"
    if recipe.labels_init == "teacher" and (recipe.labels == "hard" or not recipe.starts_real):
        yield "labels_init: teacher gives real examples soft labels: set samples_init: herding, and labels: soft"
    if recipe.init == "fixed" and recipe.networks > 1:
        yield "networks > 1 needs init: random; a fixed initialisation is a single network"
    if recipe.init == "fixed" and len(recipe.initialisation) > 1:
        yield "several ways of initialisation need init: random; a fixed initialisation is a single draw"
    if recipe.starts_by_minilm and recipe.reads == "image":
        way = f"{recipe.samples_init}".removesuffix(BY_MINILM)
        yield f"samples_init: {recipe.samples_init} reads sentences, and {recipe.network} reads images: use {way}"
    if recipe.pool and recipe.attention_labels != "none":
        yield "attention_labels are those of one encoder: leave them out, or name it as network in place of a pool"


def check_kind_of_data(recipe: AllSettings, kind: Reads) -> None:
    """Raise UsageError for a setting of the other kind of data, which a network that reads either has let through."""
    for fault in _of_what_is_read(recipe, kind) if recipe.reads is None else ():
        raise UsageError(fault)


def _of_what_is_read(recipe: AllSettings, reads: Reads | None) -> Iterator[str]:
    if recipe.text_column and recipe.image_column:
        yield "a data set is read as text or as images: set text_column or image_column, not both"
    if reads == "image":
        if recipe.samples in ("words", "phrases"):
            yield f"samples: {recipe.samples} makes sentences, and {recipe.network} reads images: use samples: free"
        if recipe.word_dropout:
            yield f"word_dropout drops words and {recipe.network} reads images; leave it at 0"
        if recipe.sample_length:
            yield f"sample_length is that of sentences, and {recipe.network} reads images; leave it out"
        for name in _given(recipe, ExchangeSettings) if recipe.samples == "real" else ():
            if name in OF_EXCHANGES:
                yield f"{name} says how texts are exchanged, and {recipe.network} reads images; leave it out"
        if recipe.tokenizer:
            yield f"tokenizer splits texts, and {recipe.network} reads images; leave it out"
    if is_encoder(recipe.network) and not recipe.pool and recipe.vectors != recipe.network:
        yield f"{recipe.network} reads its own word pieces, not vectors: {recipe.vectors}; leave vectors out"
    if is_encoder(recipe.vectors) and recipe.tokenizer:
        yield f"{recipe.vectors} splits texts itself, not by tokenizer: {recipe.tokenizer}; leave that out"
    if reads == "text" and recipe.shift:
        yield f"shift moves images and {recipe.network} reads text; leave it at 0"
    if reads == "text" and recipe.flip:
        yield f"flip mirrors images and {recipe.network} reads text; leave it out"


def _of_lengths(recipe: AllSettings) -> Iterator[str]:
    if recipe.reads == "image":
        return
    least = recipe.options.least_length
    longest, length = recipe.max_length, recipe.sample_length or recipe.max_length
    if longest is not None and longest < least:
        yield f"max_length = {longest} is shorter than the widest filter ({least})"
    if length is not None and length < least:
        yield f"sample_length = {length} is shorter than the widest filter ({least})"
    if longest is not None and length is not None and length > longest:
        yield f"sample_length = {length} is longer than max_length = {longest}: lower it"


def _of_words(recipe: AllSettings) -> Iterator[str]:
    if recipe.samples != "words":
        for name in _given(recipe, WordSettings):
            yield f"{name} is a setting of sentences of words: leave it out, or set samples: words"
    if not recipe.are_real:
        for name in _given(recipe, ExchangeSettings):
            yield f"{name} is a setting of real clauses and texts: leave it out, or set samples: phrases or real"
    if recipe.neighbours == 1:
        yield "neighbours: 1 leaves nothing to tell apart; use 0 (straight through) or at least 2"


def _of_plain_training(recipe: AllSettings) -> Iterator[str]:
    if recipe.inner == "learned":
        for name in _given(recipe, PlainLoopSettings):
            yield f"{name} is a setting of plain training: leave it out, or set inner: plain"
        return
    if recipe.inner_kept:
        if recipe.init == "fixed":
            yield "inner_kept keeps fresh networks in training: use init: random"
        if recipe.window_end != "last":
            yield "inner_kept goes on by the steps of the window: leave window_end out"
        if (recipe.window or PLAIN_WINDOW) > recipe.inner_steps[0]:
            yield (
                f"inner_kept takes the steps of the window at a time: set window to {recipe.inner_steps[0]} at most, "
                "the fewest inner_steps"
            )
        if recipe.inner_kept < recipe.networks:
            yield f"inner_kept: {recipe.inner_kept} are fewer than the networks of an outer step, {recipe.networks}"
    for name, usual in OF_LEARNED_STEPS.items():
        if getattr(recipe, name) not in (None, usual):
            yield f"{name} belongs to learned gradient steps: leave it out with inner: plain"


def _without_effect(recipe: AllSettings) -> Iterator[str]:
    fields = type(recipe).model_fields
    for name, said in without_effect(dict(recipe)).items():
        if getattr(recipe, name) not in (None, fields[name].default):
            yield said


def _given(recipe: AllSettings, group: type[Settings]) -> Iterator[str]:
    """The names of the settings of a group that are not the usual ones."""
    for each in settings_of(group, ""):
        if getattr(recipe, each.name) != each.default:
            yield each.name


def _of_the_outer_loop(recipe: AllSettings) -> Iterator[str]:
    ends = [0, *recipe.restarts, *([] if recipe.outer_steps is None else [recipe.outer_steps])]
    if any(later <= earlier for earlier, later in pairwise(ends)):
        yield f"restarts: {recipe.restarts} are outer steps in their order, below outer_steps: {recipe.outer_steps}"
    if recipe.window is None and recipe.inner == "learned" and recipe.window_end != "last":
        yield f"window_end: {recipe.window_end} moves a window; set window to its number of inner steps"

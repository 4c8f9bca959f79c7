"""The first section of a card: what the set is, what it was distilled from, and the columns of its tables."""

from __future__ import annotations

from tdd.distilled_set.set import DistilledSet
from tdd.hub.layout import WEIGHTS
from tdd.publishing.card_text import dataset_name, in_code, is_on_hub, rates_column, times
from tdd.publishing.joined import are_pieces
from tdd.system.formatting import counted
from tdd.system.project import named_with_address

_NO_LICENCE = """
No licence is stated here. The set is derived from its source, so the source's licence and terms decide what is allowed.
The owner of this repository may add a `license` to the metadata above; it is kept when the set is published again.
"""
_TEXT_COLUMNS = """| `default` | `text` | the nearest word of every position |
| | `similarity` | mean cosine similarity of these words to the positions |"""
_WORD_COLUMNS = "| `default` | `text` | the sample: its words, joined by single spaces |"
_PIECE_COLUMNS = """| `default` | `text` | the sample as it reads |
| | `pieces` | its word pieces, joined by single spaces: what the set's network was trained on |"""
_IMAGE_COLUMNS = "| `default` | `image` | the sample as a picture, cut off at black and white |"


_CARRIED_OVER = """
Its licence is that of its source, whose terms decide what is allowed.
"""


def introduction_section(distilled: DistilledSet, licensed: bool, carried_over: bool = False) -> str:
    """Title, what the set was distilled from, its sizes, its classes and the columns of its tables.

    Args:
        distilled: the set.
        licensed: whether the metadata name a licence; otherwise the section says that none is stated.
        carried_over: whether it is that of the source.
    """
    recipe, name = distilled.recipe, dataset_name(distilled)
    steps, per_step, *shape = distilled.samples.shape
    origin, samples = in_code(name), "sentences of real words" if distilled.sentences else "synthetic samples"
    if recipe.are_real:
        samples = "texts of real clauses" if recipe.samples == "phrases" else "real examples"
    if distilled.sentences:
        sample_columns, both = _PIECE_COLUMNS if are_pieces(distilled) else _WORD_COLUMNS, ""
    else:
        sample_columns = _TEXT_COLUMNS if distilled.space.kind == "text" else _IMAGE_COLUMNS
        sample_columns += f"\n| `embeddings` | `embedding` | the sample, {times(*shape)} exact numbers |"
        both = "both"
    momentum = "" if distilled.momentum is None else "| | `momentum` | of every gradient step, as in torch's SGD |\n"
    momentum += (
        ""
        if distilled.mask is None or distilled.sentences
        else "| | `length` | words of the sentence, before its padding |\n"
    )
    if distilled.attention is not None:
        momentum += f"| `{WEIGHTS}` | `attention` | attention labels, {times(*distilled.attention.shape)} |\n"
    plain = recipe.inner == "plain"
    rates = "" if plain else " and learned learning rates" + ("" if distilled.momentum is None else " and momentum")
    of_rates = "the step size that plain training starts with" if plain else "those of its step, one an epoch"
    rates_columns = "\n".join(
        f"| | {in_code(rates_column(distilled, network))} | {of_rates} |" for network in recipe.learners
    )
    of_step = "0, and its place in the set" if plain else "the gradient step it belongs to, and its place there"
    training = (
        f"Gradient steps: {steps * recipe.epochs}, of {counted(per_step, 'sample')} each; epochs: {recipe.epochs}."
    )
    if plain:
        training = (
            f"Networks are trained on all samples plainly: {counted(recipe.inner_steps[1], 'step')} of AdamW, in "
            f"shuffled mini-batches of at most {recipe.inner_batch}."
        )
    if is_on_hub(distilled):
        revision = distilled.source["revision"][:12]
        origin = f"[{name}](https://huggingface.co/datasets/{name}) (revision `{revision}`)"
    return f"""# {name}, distilled to {distilled.n} samples

{distilled.n} {samples} with {recipe.labels} labels{rates}, distilled from {origin}:
they are to train a network about as well as all the data do. Made with {named_with_address()}, by the method of
*Soft-Label Dataset Distillation and Text Dataset Distillation* ([arXiv 1910.02551](https://arxiv.org/abs/1910.02551)).

{training}

Classes: {", ".join(map(in_code, distilled.classes))}.

| configuration | column | holds |
|---|---|---|
{sample_columns}
| {both} | `label` | the class with the largest soft label |
| | `soft_label` | a number for each class |
| | `step`, `index` | {of_step} |
{rates_columns}
{momentum}""" + ((_CARRIED_OVER if carried_over else "") if licensed else _NO_LICENCE)

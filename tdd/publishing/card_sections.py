"""Sections of a card, a function each: how the set was made, what it is not, how to cite it."""

from __future__ import annotations

import re

from tdd.distilled_set.set import DistilledSet
from tdd.publishing.card_files import files_sentence
from tdd.publishing.card_text import dataset_name, in_code, is_on_hub
from tdd.settings.initialisations import USUAL_INITIALISATION
from tdd.settings.networks import entry_of
from tdd.settings.recipe import Recipe
from tdd.system.formatting import counted, duration, percent

_NEAREST_WORDS = "The words are those nearest to learned vectors"
_CUT_OFF_PIXELS = "The pictures are the learned numbers, rounded and cut off at black and white"


def provenance_section(distilled: DistilledSet) -> str:
    """How the set was made: network, outer loop, start, word vectors, compute and versions."""
    recipe, distillation = distilled.recipe, distilled.results.get("distillation") or {}
    outer_steps = distillation.get("outer_steps", recipe.outer_steps)
    steps = counted(outer_steps, "step") if outer_steps else "steps"
    networks = f" and {recipe.networks} networks" if recipe.networks > 1 else ""
    made_for = "; ".join(_network(recipe.alone(name)) for name in recipe.learners)
    of = "networks" if recipe.pool else "network"
    lines = [
        "## How it was made",
        "",
        f"- {of}: {made_for}; made for {recipe.init} initialisation{_drawn(recipe)}",
        f"- outer loop: {steps} with {recipe.batch_size} real examples{networks} each",
        *_inner_loop(recipe),
        f"- samples started from {_start(recipe)}{_start_set(distilled)}{_changed(distilled)}",
    ]
    for part in distillation.get("parts", []):
        held_out = percent(part["validation_accuracy"])
        lines.append(
            f"- it went on after {part['outer_steps']:,} of these steps, with {held_out} on held-out data: "
            "the step sizes began a new course"
        )
    if distilled.space.kind == "text":
        lines.append(f"- word vectors: {in_code(distilled.source.get('vectors', recipe.vectors))}")
    if "seconds" in distillation:
        processes = f", {distillation['processes']} processes" if distillation.get("processes", 1) > 1 else ""
        hardware = distillation.get("hardware", "unknown hardware")
        lines.append(f"- compute: {duration(distillation['seconds'])} on {hardware}{processes}")
    versions = distillation.get("versions") or {}
    if versions:
        lines.append("- versions: " + ", ".join(f"{name} {number}" for name, number in versions.items()))
    return "\n".join([*lines, "", files_sentence(distilled)])


def _inner_loop(recipe: Recipe) -> list[str]:
    """What it was learned through, where that is not what the section on training says."""
    if recipe.inner == "learned":
        return []
    fewest, most = recipe.inner_steps
    return [f"- inner loop: plain training of {fewest} to {most} steps at one step size, drawn anew each time"]


def _network(recipe: Recipe) -> str:
    options = ", ".join(f"{name} {value}" for name, value in recipe.options.model_dump().items())
    return f"{recipe.network}, {entry_of(recipe.network).about}" + (f" ({options})" if options else "")


def _drawn(recipe: Recipe) -> str:
    """How weights were drawn, where that is not as usual."""
    return "" if recipe.initialisation == [USUAL_INITIALISATION] else f", drawn by {', '.join(recipe.initialisation)}"


def _start(recipe: Recipe) -> str:
    if recipe.start_from is not None:
        return "another distilled set"
    if recipe.starts_real:
        if recipe.samples == "real" or (recipe.are_real and recipe.no_exchange):
            return "real examples, which they still are"
        return "real examples" + (", clauses of which were exchanged for real ones" if recipe.are_real else "")
    return "random words" if recipe.samples == "words" else "noise"


def _start_set(distilled: DistilledSet) -> str:
    """Which set the samples started from, where it was one."""
    if isinstance(teacher := distilled.results.get("teacher"), dict):
        epochs = "an epoch" if teacher["epoch"] == 1 else f"{teacher['epoch']} epochs"
        return f", their labels from those of a {in_code(str(teacher['network']))} after {epochs}"
    start = distilled.results.get("start")
    if not isinstance(start, dict):
        return ""
    other = (
        "" if start["same_data"] else "; that was made from other data or splits, and may have learned from these tests"
    )
    return f", {in_code(str(start['name']))} (n = {start['n']}, {start['network']}): {start['samples']}{other}"


def _changed(distilled: DistilledSet) -> str:
    """How many of the words are others than at the start; nothing of samples that are no words."""
    changed = distilled.results.get("distillation", {}).get("words_changed")
    return "" if changed is None else f"; {changed:.0%} of the words are others now"


def limits_section(distilled: DistilledSet) -> str:
    """What the set is not good for, and what its readable columns are."""
    recipe = distilled.recipe
    fixed, of = recipe.init == "fixed", "networks" if recipe.pool else "network"
    start = "the one initialisation that comes with it" if fixed else "random initialisations"
    if recipe.are_real:
        what = "clauses of training examples" if recipe.samples == "phrases" else "training examples"
        membership = f"The samples are {what} as they are: whoever has the set has these."
    elif recipe.starts_real:
        membership = (
            "The samples started from real training examples, and may still show which ones: whoever has the set "
            "may find out that these were in the training data."
        )
    else:
        membership = f"The samples started from {_start(recipe)}, but they were fitted to real examples."
    return f"""## Limits

- It was made for the {of} above with {start}. Other networks and initialisations learn less from it, often far less.
- It only keeps what the accuracy on this one task needs, and it keeps the biases of its source.
- It makes no claim of privacy. {membership}
{_readable_columns(distilled)}"""


def _readable_columns(distilled: DistilledSet) -> str:
    """What the readable columns have to do with training."""
    if distilled.sentences:
        sense = "" if distilled.recipe.are_real else ", but they were not chosen to make sense"
        return f"- The words are what a network is trained on, exactly{sense}."
    columns = _NEAREST_WORDS if distilled.space.kind == "text" else _CUT_OFF_PIXELS
    return f"- {columns}: they help to look at it, a network is not trained on them."


_PAPER = """\
@article{sucholutsky2019softlabel,
  title = {Soft-Label Dataset Distillation and Text Dataset Distillation},
  author = {Sucholutsky, Ilia and Schonlau, Matthias},
  journal = {arXiv preprint arXiv:1910.02551},
  year = {2019}
}"""


def citation_section(distilled: DistilledSet, repo: str, trained: str = "") -> str:
    """How to cite what is published as `repo`, the method, and whose data they are.

    Args:
        distilled: the set.
        repo: a data set, or a model where `trained` says how it came of the set.
        trained: in words.
    """
    key, name = re.sub(r"\W+", "-", repo.lower()).strip("-"), dataset_name(distilled)
    place, what = ("", "model") if trained else ("datasets/", "set")
    title = re.sub(r"[{}\\]", "", f"{trained}{name}, distilled to {counted(distilled.n, 'sample')}")
    own = (
        f"@misc{{{key},\n  title = {{{title}}},\n  howpublished = {{\\url{{https://huggingface.co/{place}{repo}}}}}\n}}"
    )
    source = ""
    if is_on_hub(distilled):
        source = f" Cite the data too, as [their card](https://huggingface.co/datasets/{name}) asks for."
    return f"## Citation\n\nThe method, and this {what}.{source}\n\n```bibtex\n{_PAPER}\n{own}\n```"

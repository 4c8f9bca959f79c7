"""What a run starts from that takes long to find, and is kept with the run.

Another set; real examples with a teacher's labels; or those that are chosen by MiniLM's sentence vectors.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelerate import Accelerator
from torch import Tensor

from tdd.data.text import TextSplit
from tdd.distillation.samples.from_set import started_from
from tdd.distillation.samples.start import first_places, first_set, real_texts
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.features import minilm_features
from tdd.evaluation.plain_learner import PlainTrainers
from tdd.evaluation.real_sets import RealSets
from tdd.evaluation.spaces import Spaces
from tdd.evaluation.students import judged_teachers
from tdd.hub.layout import WEIGHTS
from tdd.networks.learner import make_learner
from tdd.settings.recipe import Recipe
from tdd.system.formatting import counted
from tdd.system.reporter import Reporter

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

START = "start"
"""Where a run folder keeps the set that the run started from."""


def named_set(recipe: Recipe, folder: Path | None) -> DistilledSet | None:
    """The set that a run is to start from, before its data are read, which takes longer than to find no such set.

    None: it starts from no set, or finds again what it started from.

    Raises:
        UsageError: there is no such set.
        TddError: it is damaged, or the Hub cannot be reached.
    """
    if recipe.start_from is None or _is_kept(folder):
        return None
    return DistilledSet.from_pretrained(recipe.start_from)


def _is_kept(folder: Path | None) -> bool:
    return folder is not None and (folder / START / WEIGHTS).is_file()


def starting_set(
    before: DistilledSet | None,
    recipe: Recipe,
    corpus: Corpus,
    folder: Path | None,
    accelerator: Accelerator,
    reporter: Reporter,
) -> DistilledSet | None:
    """The set that a run starts from in the shape of its recipe; None: what `first_set` says.

    Its results are what those of the run keep of it, "start": its name, n, networks, and how its samples were taken; or
    those of the "teacher".

    Args:
        before: the `named_set`.
        recipe: of the run, settled.
        corpus: its data.
        folder: of the run, where a resumed one finds the set again; None: it has none.
        accelerator: the device of a teacher.
        reporter: where it is told.

    Raises:
        UsageError: the set does not suit the data, see `started_from`.
    """
    if recipe.start_from is None and recipe.labels_init == "one_hot" and not recipe.starts_by_minilm:
        return None
    if folder is not None and _is_kept(folder):
        vectors = corpus.train.vectors if isinstance(corpus.train, TextSplit) else None
        return DistilledSet.from_pretrained(folder / START, vectors=vectors)
    if before is None:
        return _chosen(recipe, corpus, accelerator, reporter)
    start, how = started_from(before, recipe, corpus)
    networks = ", ".join(before.recipe.learners)
    reporter.note(f"starts from {recipe.start_from} (n = {before.n}, {networks}): {how}")
    if before.source.get("fingerprint") != corpus.fingerprint:
        reporter.note(
            "note: that set was made from other data or other splits of them: it may have learned from examples that "
            "are held out or tested here"
        )
    about = {"name": recipe.start_from, "n": before.n, "network": networks, "samples": how}
    start.results = {"start": about | {"same_data": before.source.get("fingerprint") == corpus.fingerprint}}
    return start


def _chosen(recipe: Recipe, corpus: Corpus, accelerator: Accelerator, reporter: Reporter) -> DistilledSet:
    """Real examples that are chosen as for baselines, with their own labels or those of a teacher."""
    features = None
    if recipe.starts_by_minilm:
        reporter.note(f"MiniLM reads the {len(corpus.train):,} training texts, by which real ones are chosen")
        features = minilm_features(Spaces(corpus), accelerator.device)
    samples, labels, mask, rates, momentum = first_set(recipe, corpus, features)
    start = DistilledSet(
        samples, labels, rates, corpus.classes, recipe, corpus.train.source(), mask=mask, momentum=momentum
    )
    if recipe.are_real and isinstance(corpus.train, TextSplit):
        start.sentences = real_texts(recipe, corpus, features)
    if recipe.labels_init == "teacher":
        places = first_places(recipe, corpus, features)
        start.labels, about = _taught(places, recipe, corpus, accelerator, reporter)
        start.labels = start.labels.view_as(labels)
        start.results = {"teacher": about}
    return start


def _taught(
    places: Tensor,
    recipe: Recipe,
    corpus: Corpus,
    accelerator: Accelerator,
    reporter: Reporter,
) -> tuple[Tensor, dict[str, Any]]:
    """The labels (n, C) that a teacher that was stopped early gives the examples at `places`, and what it is.

    Of a pool the first network is the teacher's.
    """
    one = recipe.alone(recipe.learners[0]).model_copy(update={"init": "random"})
    space, device = corpus.train.space, accelerator.device
    learner = make_learner(one.network, one.options, space, len(corpus.classes), device, one.initialisation)

    def tell(done: int, total: int, purpose: str) -> None:
        reporter.count(done, total, f"students trained for {purpose}")

    def tell_of_teachers(done: int, total: int) -> None:
        reporter.count(done, total, "batches that teachers learned from")

    plain = PlainTrainers(one.network, one, corpus, None, device, tell)
    teachers = judged_teachers(learner, plain, RealSets(one, corpus, draws=1), tell_of_teachers)
    reporter.note("labels of a teacher that is stopped early: chosen on held-out data")
    labels, chosen = teachers.labels(places, "teacher"), teachers.chosen
    reporter.note(
        f"the teacher, {one.network}: {counted(chosen['epoch'], 'epoch')}, temperature {chosen['temperature']:g}"
    )
    return labels, chosen | {"network": one.network}


def keep_start(start: DistilledSet | None, folder: Path) -> None:
    """Keep the set that a run starts from in its folder, if it starts from one."""
    if start is not None:
        start.save_pretrained(folder / START)

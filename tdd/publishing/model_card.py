"""The card of a classifier that was trained on a distilled set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.hub.layout import MODELING
from tdd.publishing.card import SOURCES
from tdd.publishing.card_sections import citation_section
from tdd.publishing.card_text import as_python, dataset_name, in_code, is_on_hub
from tdd.publishing.marked_card import Card
from tdd.publishing.tested_on import TestedOn
from tdd.settings.networks import entry_of
from tdd.system.formatting import counted
from tdd.system.project import how_to_install, named_with_address


@dataclass(frozen=True)
class Tested:
    """What a classifier got right.

    Attributes:
        accuracy: in [0, 1].
        examples: test examples it was tested on.
    """

    accuracy: float
    examples: int


def model_card(
    distilled: DistilledSet,
    repo: str,
    own_code: bool,
    set_repo: str | None = None,
    tested: Tested | None = None,
    metadata: Mapping[str, Any] | None = None,
    source: Mapping[str, Any] | None = None,
    present: str = "",
) -> str:
    """The card as Markdown with the Hub's metadata in front.

    Args:
        distilled: the set that the classifier was trained on; of a pool that of its network alone.
        repo: the classifier's name on the Hub.
        own_code: whether the model carries code of its own.
        set_repo: the set's name on the Hub; None: it is not known.
        tested: None: it was not.
        metadata: what the owner has added to the metadata, such as a licence.
        source: the metadata of the data set that the set was distilled from.
        present: the card that is there; see `tdd.publishing.marked_card.Card.text`.
    """
    distilled, metadata = public(distilled), dict(metadata or {})
    carried = {name: source[name] for name in SOURCES if source.get(name)} if source else {}
    if "license" in metadata:
        carried = {name: value for name, value in carried.items() if name == "language"}
    front = _metadata(distilled, repo, set_repo, tested)
    sections = {
        "introduction": _introduction(distilled, repo, set_repo, tested),
        "use": _use(distilled, repo, own_code),
        "limits": _limits(distilled),
        "citation": citation_section(distilled, repo, "a classifier trained on "),
    }
    return Card({**front, **carried, **metadata}, sections).text(present)


def _metadata(distilled: DistilledSet, repo: str, set_repo: str | None, tested: Tested | None) -> dict[str, Any]:
    data = [*([set_repo] if set_repo else []), *([dataset_name(distilled)] if is_on_hub(distilled) else [])]
    front: dict[str, Any] = {
        "library_name": "transformers",
        "pipeline_tag": "text-classification",
        "tags": ["dataset-distillation", "text-classification", "tdd"],
        **({"datasets": data} if data else {}),
        "metrics": ["accuracy"],
    }
    if tested is None:
        return front
    on = TestedOn.of(distilled)
    about = {"type": dataset_name(distilled), "name": dataset_name(distilled), "split": on.split}
    if is_on_hub(distilled):
        about |= {"revision": distilled.source["revision"]}
    result = {
        "task": {"type": "text-classification"},
        "dataset": about,
        "metrics": [{"type": "accuracy", "name": "Accuracy", "value": round(tested.accuracy, 6)}],
    }
    return front | {"model-index": [{"name": repo.rpartition("/")[2], "results": [result]}]}


def _introduction(distilled: DistilledSet, repo: str, set_repo: str | None, tested: Tested | None) -> str:
    recipe, name = distilled.recipe, dataset_name(distilled)
    where = f" [{set_repo}](https://huggingface.co/datasets/{set_repo})" if set_repo else ""
    origin = f"[{name}](https://huggingface.co/datasets/{name})" if is_on_hub(distilled) else in_code(name)
    steps = counted(len(distilled.samples) * recipe.epochs, "gradient step")
    if recipe.inner == "plain":
        steps = f"{counted(recipe.inner_steps[1], 'step')} of AdamW"
    lines = [
        f"# {repo.rpartition('/')[2]}",
        "",
        f"A text classifier, {entry_of(recipe.network).about}, trained by {steps} on a distilled",
        f"set{where} of {counted(distilled.n, 'sample')}, which was learned from {origin}. "
        f"Made with {named_with_address()}.",
        "",
        f"Classes: {', '.join(map(in_code, distilled.classes))}.",
    ]
    if tested is not None:
        lines += [
            "",
            f"Accuracy on the real test split: {100 * tested.accuracy:.2f} % of {counted(tested.examples, 'example')}.",
        ]
    return "\n".join(lines)


def _use(distilled: DistilledSet, repo: str, own_code: bool) -> str:
    text = '{"text": "a text", "text_pair": "the text behind it"}' if distilled.pair else '"a text"'
    of_tdd = entry_of(distilled.recipe.network).pretrained is None
    more = "" if of_tdd else ", truncation=True"
    more += ", trust_remote_code=True" if own_code else ""
    register = "import tdd\n" if of_tdd and not own_code else ""
    before = "\ntdd.register_transformers()" if register else ""
    lines = ["## Use", ""]
    if own_code:
        lines += [f"The model carries its code, `{MODELING}`, which `trust_remote_code=True` lets be run.", ""]
    elif register:
        lines += [f"The code of the network is tdd's, which is installed from its source: `{how_to_install()}`.", ""]
    code = f"{register}from transformers import pipeline\n{before}\n"
    code += f'classify = pipeline("text-classification", {as_python(repo)}{more})\nprint(classify({text}))\n'
    return "\n".join([*lines, f"```python\n{code}```"])


def _limits(distilled: DistilledSet) -> str:
    start = "its set's own initialisation" if distilled.initialisation is not None else "a fresh initialisation"
    return f"""## Limits

- It was trained from {start} on the samples of its set alone, and knows what the accuracy on one task needs.
- It keeps the biases of its source, and makes no claim of privacy: see the limits of the set."""

"""The sections of a card, a function each: how to train on the set, how it was made, what it is not.

What it is is said in `tdd.publishing.card_introduction`, accuracies in `tdd.publishing.card_accuracy`.
"""

from __future__ import annotations

from tdd.data.known import KNOWN
from tdd.distilled_set.set import DistilledSet
from tdd.hub.layout import EMBEDDING
from tdd.networks.own import can_be_imported
from tdd.publishing.card_files import files_sentence
from tdd.publishing.card_text import in_code, is_on_hub, times
from tdd.publishing.training_code import published_network, training_code, weights_of
from tdd.settings.initialisations import USUAL_INITIALISATION
from tdd.settings.networks import CODE, entry_of
from tdd.settings.recipe import Recipe
from tdd.system.formatting import duration, percent

_NEAREST_WORDS = "The words are those nearest to learned vectors"
_CUT_OFF_PIXELS = "The pictures are the learned numbers, rounded and cut off at black and white"


def training_section(distilled: DistilledSet, repo: str) -> str:
    """How to train on the set `repo`: in plain torch, and with tdd.

    Raises:
        UsageError, TddError: see `training_code`.
    """
    recipe, shape = distilled.recipe, distilled.network_space.shape  # of a pool the first network
    learner, entry = published_network(distilled), entry_of(recipe.network)
    # Code that others do not have, and cannot be shown.
    unknown = learner is None or not hasattr(learner.module, "source")
    if distilled.space.kind == "text":
        x, numbers = "x", times("N", *shape) + "\nnumbers"
        reads = f"sentences as word vectors ({_vectors(distilled)}), padded with zeros or cut to {shape[0]} words"
        if entry.pretrained or (learner is not None and learner.takes_mask):
            x, numbers = "x, mask", f"{numbers} and a `mask` of {times('N', shape[0])} that is true where words stand"
    else:
        x, numbers = "normalised(x)", times("N", *shape[1:], shape[0]) + "\nnumbers from 0 to 255"
        reads = "images, normalised as the training images were"
    if entry.pretrained:
        reads = f"the encoder's word pieces as its frozen input embeddings, at most {shape[0]} of them"
        weights = f"{in_code(entry.pretrained)}{weights_of(distilled)}"
        plain = (
            f"It was made for the pretrained encoder {weights}, whose weights are where training starts. The network"
        )
    elif unknown:
        name = in_code(recipe.network) + (
            "" if recipe.network.startswith(CODE) else f" (the class {in_code(entry.home)})"
        )
        plain = f"It was made for a network of its author's own, {name}, whose code is not published here. That network"
    else:
        code = training_code(distilled, repo)
        plain = f"In plain torch:\n\n```python\n{code}```\n\n`network` is trained now. It"
    return f"""## Train on it

{_of_pool(recipe)}{plain} reads {reads}: `network({x}).argmax(1)` for `x` of {numbers}.
{_pairs(distilled)}
{_training_with_tdd(distilled, repo)}"""


def _of_pool(recipe: Recipe) -> str:
    """Which network of a pool is trained here, and how the others are; nothing where there is no pool."""
    if not recipe.pool:
        return ""
    first, *others = map(in_code, recipe.pool)
    if not others:
        return ""
    return f"""It was made for {", ".join([first, *others])} together. What follows trains the first; the others train
with the learning rates of the columns that are named after them.

"""


def _pairs(distilled: DistilledSet) -> str:
    """How the texts of a pair are put together; nothing where texts are none."""
    columns, embedding = distilled.pair, distilled.embedding
    between = embedding.about.get("separator") if embedding else None
    if columns is None or not between:
        return ""
    first, second = map(in_code, columns)
    if isinstance(between, dict):
        token = f"{in_code(str(between.get('word')))} (the last word of the table; its vector is in `{EMBEDDING}`)"
    else:
        token = f"{in_code(' '.join(map(str, between)))} (all tokens are of type 0)"
    return f"""
A text is a pair: that of {first}, then {token}, then that of {second}.
Of a pair that is too long the longer text is cut.
"""


def _training_with_tdd(distilled: DistilledSet, repo: str) -> str:
    """How to test the set `repo` with tdd, and to get a transformers model where others have the network's code."""
    name, entry = distilled.recipe.network, entry_of(distilled.recipe.network)
    # Local data are somewhere else for everyone else.
    local = not is_on_hub(distilled) and (
        distilled.recipe.dataset not in KNOWN or distilled.recipe.data_from == "memory"
    )
    at_path = " --data PATH" if local else ""
    corpus = 'distilled.recipe.model_copy(update={"data": "PATH"})' if local else "distilled.recipe"
    command, before, given = f"\ntdd evaluate run{at_path}", "import tdd\n", ""
    if name.startswith(CODE):
        command, given = f"{command} --network {name}" if can_be_imported(name) else "", ", network=..."
    elif not entry.comes_with_tdd:  # registered, which a shell knows nothing of
        module, _, path = entry.home.partition(":")
        command = ""
        before += f'from {module} import {path.partition(".")[0]}\n\ntdd.register_network("{name}", {path})'
    as_model = distilled.space.kind == "text" and entry.comes_with_tdd and not entry.pretrained
    return f"""With tdd, on the real test split{", which lies at PATH" if local else ""}:

```sh
tdd pull {repo} --output run{command}
```

```python
{before}
distilled = tdd.DistilledSet.from_pretrained("{repo}")
corpus = tdd.load_corpus({corpus})
print(tdd.evaluate(distilled, corpus.test{given}).mean)
```{_transformers(at_path, distilled.pair is not None) if as_model else ""}"""


def _transformers(at_path: str, pairs: bool) -> str:
    """How to get a transformers model from the pulled set.

    Args:
        at_path: the option that says where the data lie.
        pairs: whether texts are pairs.
    """
    example = "" if not pairs else '\nclassify({"text": "a text", "text_pair": "the text behind it"})'
    return f"""

As a transformers model that reads raw text:

```sh
tdd train run --output classifier{at_path}
```

```python
import tdd
import transformers

tdd.register_transformers()
classify = transformers.pipeline("text-classification", "classifier"){example}
```"""


def _vectors(distilled: DistilledSet) -> str:
    name = distilled.source.get("vectors", distilled.recipe.vectors)
    checksum = distilled.source.get("vectors_checksum")
    tokenizer = distilled.recipe.tokenizer
    known = [in_code(name), *([f"sha256 `{checksum}`"] if checksum else [])]
    return ", ".join([*known, *([f"text split by {in_code(tokenizer)}"] if tokenizer else [])])


def provenance_section(distilled: DistilledSet) -> str:
    """How the set was made: network, outer loop, start, word vectors, compute and versions."""
    recipe, distillation = distilled.recipe, distilled.results.get("distillation") or {}
    outer_steps = distillation.get("outer_steps", recipe.outer_steps)
    steps = f"{outer_steps:,} steps" if outer_steps else "steps"
    networks = f" and {recipe.networks} networks" if recipe.networks > 1 else ""
    made_for = "; ".join(_network(recipe.alone(name)) for name in recipe.learners)
    of = "networks" if recipe.pool else "network"
    lines = [
        "## How it was made",
        "",
        f"- {of}: {made_for}; made for {recipe.init} initialisation{_drawn(recipe)}",
        f"- outer loop: {steps} with {recipe.batch_size} real examples{networks} each",
        f"- samples started from {_start(recipe)}{_start_set(distilled)}",
    ]
    for part in distillation.get("parts", []):
        held_out = percent(part["validation_accuracy"])
        lines.append(
            f"- it went on after {part['outer_steps']:,} of these steps, with {held_out} on held-out data: "
            "the step sizes began a new course"
        )
    if distilled.space.kind == "text":
        lines.append(f"- word vectors: {_vectors(distilled)}")
    if "seconds" in distillation:
        processes = f", {distillation['processes']} processes" if distillation.get("processes", 1) > 1 else ""
        hardware = distillation.get("hardware", "unknown hardware")
        lines.append(f"- compute: {duration(distillation['seconds'])} on {hardware}{processes}")
    versions = distillation.get("versions") or {}
    if versions:
        lines.append("- versions: " + ", ".join(f"{name} {number}" for name, number in versions.items()))
    return "\n".join([*lines, "", files_sentence(distilled)])


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
        return "real examples, which they still are" if recipe.samples == "real" else "real examples"
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


def limits_section(distilled: DistilledSet) -> str:
    """What the set is not good for, and what its readable columns are."""
    recipe = distilled.recipe
    fixed, of = recipe.init == "fixed", "networks" if recipe.pool else "network"
    start = "the one initialisation that comes with it" if fixed else "random initialisations"
    if recipe.samples == "real":
        membership = "The samples are training examples as they are: whoever has the set has these."
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
        return "- The words are what a network is trained on, exactly, but they were not chosen to make sense."
    columns = _NEAREST_WORDS if distilled.space.kind == "text" else _CUT_OFF_PIXELS
    return f"- {columns}: they help to look at it, a network is not trained on them."

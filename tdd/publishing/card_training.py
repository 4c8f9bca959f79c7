"""The section of a card that says how its figure came about, and how to train on the set without tdd and with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tdd.data.known import KNOWN
from tdd.distilled_set.set import DistilledSet
from tdd.hub.encoders import MINILM_ON_HUB
from tdd.hub.layout import EMBEDDING, NETWORK, RECIPE, SCRIPT, TOKENIZER, WEIGHTS
from tdd.networks.own import can_be_imported
from tdd.publishing.card_text import dataset_name, in_code, is_on_hub, times
from tdd.publishing.tested_on import TestedOn, is_known, tested_rows
from tdd.publishing.training_script import training_script
from tdd.publishing.vectors_code import where_to_get
from tdd.settings.encoder_names import MINILM, is_encoder
from tdd.settings.networks import CODE, entry_of
from tdd.settings.recipe import Recipe
from tdd.settings.tokenizer_names import CHARACTERS, WHITESPACE, WORDS
from tdd.system.formatting import counted
from tdd.system.project import DISTRIBUTION, how_to_install

_SPLIT = {
    WORDS: "words, numbers and punctuation marks apart, contractions as in the Penn Treebank, HTML tags dropped",
    WHITESPACE: "at white space",
    CHARACTERS: "into single characters",
}

_LOSS = "cross-entropy, the negative mean of Σ soft label × log softmax"


def training_section(distilled: DistilledSet, repo: str, published: bool = True) -> str:
    """How the figure of the set `repo` came about, and how to train on it: by a script without tdd, and with tdd.

    Where it is not `published`, the script and the files that it reads are not there, and none of them is named.

    Raises:
        TddError: see `training_script`.
    """
    script = training_script(distilled, repo)
    protocol = "\n".join(_protocol(distilled, published))
    parts = ["## Train on it", _of_pool(distilled.recipe), protocol, _pairs(distilled).strip()]
    tested = TestedOn.of(distilled)
    if script is None and not is_known(distilled):
        parts.append("Which rows it was tested on is not kept in it: tdd, as below, finds them again.")
    elif script is None:
        name, entry = in_code(distilled.recipe.network), entry_of(distilled.recipe.network)
        whose = "" if distilled.recipe.network.startswith(CODE) else f" (the class {in_code(entry.home)})"
        parts.append(f"It was made for a network of its author's own, {name}{whose}, whose code is not published here.")
    elif published:
        asked = tested.data.asked_for
        local = f" `python {SCRIPT} PATH`: at PATH lies {asked}, which the set was made from." if asked else ""
        what = f"trains the network in `{NETWORK}` and prints its accuracy"
        parts.append(f"Without tdd: `{SCRIPT}` of this repository {what}.{local}")
        parts.append(f"```python\n{script}```")
    return "\n\n".join(part for part in [*parts, _training_with_tdd(distilled, repo)] if part)


def _of_pool(recipe: Recipe) -> str:
    """Which network of a pool is trained here, and how the others are; nothing where there is no pool."""
    if len(recipe.pool or []) < 2:
        return ""
    networks = ", ".join(map(in_code, recipe.pool or []))
    if recipe.inner == "plain":
        return f"It was made for {networks} together. What follows trains the first; the others are trained alike."
    return f"""It was made for {networks} together. What follows trains the first; the others train
with the learning rates of the columns that are named after them."""


def _protocol(distilled: DistilledSet, published: bool) -> list[str]:
    """What must be as it was for the figure to come out again, a line each."""
    recipe, shape = distilled.recipe, distilled.network_space.shape
    lines = ["| | |", "|---|---|"]
    if distilled.space.kind == "text":
        lines += [f"| text | {_how_split(distilled, published)} |", f"| vectors | {_vectors(distilled)} |"]
        lines += [f"| length | L = {shape[0]} tokens: longer texts are cut, shorter ones padded with zeros |"]
    else:
        size = times(shape[1], shape[2])
        channels = "1 channel" if shape[0] == 1 else f"{shape[0]} channels"
        lines += [f"| images | {size} pixels, {channels}, normalised as the training images were |"]
    start = "its one initialisation, which comes with the set" if recipe.init == "fixed" else "a fresh initialisation"
    drawn = "" if recipe.init == "fixed" else f" ({recipe.initialisation[0].replace('_', ' ')}, biases zero)"
    network = in_code(recipe.network)
    if entry_of(recipe.network).pretrained:
        network = f"the pretrained encoder {network}{weights_of(distilled)}, whose weights are where training starts,"
    lines += [f"| network | {network} from {start}{drawn}, without dropout |"]
    lines += [f"| training | {_training(distilled)}; loss: {_LOSS} |"]
    evaluation = distilled.results.get("evaluation", {}).get(recipe.init)
    if evaluation:
        lines += [f"| tested on | {_tested(distilled, evaluation)} |"]
    return lines


def _tested(distilled: DistilledSet, evaluation: Mapping[str, Any]) -> str:
    """How many examples a set was tested on, and which."""
    data = TestedOn.of(distilled)
    columns = ", ".join(map(in_code, [*data.columns, data.label_column]))
    tested, rows = tested_rows(distilled, evaluation)
    where = in_code(data.data.code) if is_on_hub(distilled) else in_code(dataset_name(distilled))
    where += f" of the package {in_code(data.data.package)}" if data.data.package else ""
    some = f", of which `test_rows` in `{WEIGHTS}` says the rows" if data.some else ""
    return f"{tested:,} of {rows:,} examples: {where}{some}, columns {columns}"


def _training(distilled: DistilledSet) -> str:
    """How a network is trained, but for the loss."""
    recipe, (steps, per_step) = distilled.recipe, distilled.samples.shape[:2]
    if recipe.inner == "plain":
        rate = distilled.learning_rates[0, 0].item()
        clipped = "" if recipe.inner_clip is None else f", gradients clipped at a norm of {recipe.inner_clip:g}"
        return (
            f"plain, {counted(recipe.inner_steps[1], 'step')} of AdamW, in mini-batches of at most "
            f"{recipe.inner_batch} of all {counted(distilled.n, 'sample')}, whose order is drawn anew each epoch from "
            f"the seed in `{RECIPE}`; the step size falls from {rate:.3g} along half a cosine to 0; weight "
            f"decay {recipe.inner_weight_decay:g}{clipped}; the soft labels are probabilities"
        )
    momentum = "" if distilled.momentum is None else f" with momentum {distilled.momentum.item():.4g}"
    return (
        f"{counted(steps * recipe.epochs, 'step')} of gradient descent{momentum}: {counted(recipe.epochs, 'epoch')} "
        f"of {steps}, {counted(per_step, 'sample')} each, in the order of `step`; "
        "the learning rate of each step is the set's"
    )


def _how_split(distilled: DistilledSet, published: bool) -> str:
    """What becomes of text before its tokens are looked up."""
    own = distilled.embedding is not None and distilled.embedding.tokenizer is not None
    file = f"by `{TOKENIZER}`{' of this repository' if published else ''}, which the library `tokenizers` reads"
    if not published and not own:
        file = f"by the tokenizer that `{EMBEDDING}` describes"
    if is_encoder(distilled.recipe.vectors):
        return f"split {file}, the encoder's own; its special tokens are put around it"
    about = distilled.embedding.about.get("tokenizer", {}) if distilled.embedding else {}
    if about.get("name", WORDS) not in _SPLIT:
        return f"split {file}"
    how, case = _SPLIT[about.get("name", WORDS)], about.get("case")
    lowered = {"lower": "lower-cased and ", "as written": "as written, not lower-cased, and "}.get(str(case), "")
    return f"{lowered}split {file}: {how}"


def _vectors(distilled: DistilledSet) -> str:
    """The vectors of text: name, checksum, and where to get them."""
    recipe, source = distilled.recipe, distilled.source
    dim = f"{distilled.samples.shape[-1]} numbers each"
    if is_encoder(recipe.vectors):
        return f"the frozen input embeddings of {in_code(recipe.vectors)}{weights_of(distilled)}, {dim}"
    name, checksum = source.get("vectors", recipe.vectors), source.get("vectors_checksum")
    known = [in_code(name), where_to_get(name), dim]
    known += [f"sha256 of words and numbers `{checksum}`"] if checksum else []
    return "; ".join([*known, "a word without one is zeros"])


def weights_of(distilled: DistilledSet) -> str:
    """In brackets: what the Hub calls an encoder that tdd has a name for, its commit, the checksum of its weights."""
    commit, weights = (distilled.source.get(f"encoder_{name}") for name in ("revision", "weights"))
    known = (
        [f"{in_code(MINILM_ON_HUB)} on the Hub"]
        if MINILM in (distilled.recipe.network, distilled.recipe.vectors)
        else []
    )
    known += [f"commit {commit[:12]}"] if commit else []
    known += [f"sha256 of the weights {weights[:16]}"] if weights else []
    return f" ({', '.join(known)})" if known else ""


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
    command, before, given = f"\ntdd evaluate {repo}{at_path}", "import tdd\n", ""
    if name.startswith(CODE):
        command, given = f"{command} --network {name}" if can_be_imported(name) else "", ", network=..."
    elif not entry.comes_with_tdd:  # registered, which a shell knows nothing of
        module, _, path = entry.home.partition(":")
        command = ""
        before += f'from {module} import {path.partition(".")[0]}\n\ntdd.register_network("{name}", {path})'
    as_model = distilled.space.kind == "text" and entry.comes_with_tdd and not entry.pretrained
    return f"""With tdd, from {"its source" if "git+" in how_to_install() else "a clone of its source"}
(the package is called `{DISTRIBUTION}`; what PyPI has under the name tdd is another project),
on the real test split{", which lies at PATH" if local else ""}:

```sh
{how_to_install()}{command}
tdd pull {repo} --output run
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

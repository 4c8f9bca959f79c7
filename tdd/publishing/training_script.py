"""A short script that trains a network on a published set and tests it on the real data, without tdd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tdd.data.pixel_normalisation import Normalisation
from tdd.embeddings.word_vectors import EMBEDDED
from tdd.hub.encoders import MINILM_ON_HUB
from tdd.publishing.card_text import rates_column
from tdd.publishing.joined import PIECES, are_pieces
from tdd.publishing.network_file import called, published_network
from tdd.publishing.network_lines import network_lines
from tdd.publishing.script_template import script_of
from tdd.publishing.tested_on import TestedOn, is_known, tested_rows
from tdd.publishing.vectors_code import PACKAGES_OF_EMBEDDED, load_code
from tdd.settings.encoder_names import HUB, MINILM, at_commit, is_encoder
from tdd.settings.networks import entry_of

if TYPE_CHECKING:
    from tdd.distilled_set.set import DistilledSet

FRESH_NETWORKS = 10
"""Networks that the script trains for a random initialisation."""


def training_script(distilled: DistilledSet, repo: str) -> str | None:
    """The script as text; None where the code of the network is not published, or what it was tested on is not known.

    Of a pool it trains the first network. It needs the files that a push writes, `network.py` among them; data that are
    neither on the Hub nor in a package are read from the file or folder that is its argument.

    Raises:
        TddError: the set does not say how its pixels were normalised.
    """
    column, prefix = rates_column(distilled, distilled.recipe.network), "initialisation."
    if distilled.recipe.pool:
        prefix += f"{distilled.recipe.network}."
    distilled = distilled.alone()
    recipe, text = distilled.recipe, distilled.space.kind == "text"
    pretrained = entry_of(recipe.network).pretrained
    learner = published_network(distilled)
    is_published = pretrained or (learner is not None and hasattr(learner.module, "source"))
    if not is_published or not is_known(distilled):
        return None
    of_pieces = pretrained or (recipe.vectors if is_encoder(recipe.vectors) else None)
    masked = pretrained is not None or (learner is not None and learner.takes_mask)
    fixed, train = distilled.initialisation is not None, str(getattr(recipe.options, "train", ""))
    tested = TestedOn.of(distilled)
    attention = 0 if distilled.attention is None else distilled.attention.shape[2]
    evaluation = distilled.results.get("evaluation", {}).get(recipe.init)
    values: dict[str, Any] = {
        "repo": repo,
        "trained": "the network" if fixed else f"{FRESH_NETWORKS} fresh networks",
        "networks": 1 if fixed else FRESH_NETWORKS,
        "text": text,
        "encoder": None,
        "pretrained": pretrained is not None,
        "free": distilled.sentences is None,
        "words": PIECES if are_pieces(distilled) else "text",
        "masked": masked,
        "padded": distilled.mask is not None,
        "dim": distilled.samples.shape[-1],
        "sample_length": distilled.samples.shape[2],
        "length": distilled.network_space.shape[0],
        "steps": len(distilled.samples),
        "epochs": recipe.epochs,
        "epoch": "0" if recipe.epochs == 1 else f"step // {len(distilled.samples)}",
        "plain": _plain(distilled) if recipe.inner == "plain" else None,
        "momentum": distilled.momentum is not None,
        "attention": attention,
        "rates": column,
        "of_network": ", ".join(sorted([*_names_of_network(train, attention), *called(distilled)])),
        "tensors": fixed or attention or tested.some,
        "network": network_lines(distilled, prefix, train, learner),
        "call": _call(train, masked),
        "claimed": _claimed(distilled, evaluation) if evaluation else "",
        "cast": not text and tested.data.function is None,
        **tested.values(),
    }
    if of_pieces is not None:
        encoder = at_commit(of_pieces, distilled.source.get("encoder_revision"))
        name, _, commit = encoder.removeprefix(HUB).partition("@")
        values |= {"encoder": MINILM_ON_HUB if name == MINILM else name, "revision_of_encoder": repr(commit or None)}
    elif text:
        values["vectors"] = load_code(recipe.vectors)
    else:
        normalisation = Normalisation.from_source(distilled.source)
        channels = distilled.space.shape[0]
        values |= {"mean": normalisation.mean.tolist(), "sd": normalisation.sd.tolist()}
        values["mode"] = "L" if channels == 1 else "RGB"
    others = PACKAGES_OF_EMBEDDED if text and recipe.vectors == EMBEDDED else [] if text else ["pillow"]
    return script_of("train.py.jinja", values, [*tested.data.packages, *others])


def _plain(distilled: DistilledSet) -> dict[str, Any]:
    """What the script needs to know of plain training, as `tdd.distillation.loops.plain_loop` carries it out."""
    recipe = distilled.recipe
    return {
        "seed": recipe.seed,
        "batch": recipe.inner_batch,
        "steps": recipe.inner_steps[1],
        "weight_decay": recipe.inner_weight_decay,
        "clip": recipe.inner_clip,
    }


def _claimed(distilled: DistilledSet, evaluation: Mapping[str, Any]) -> str:
    """What the card says of a set, and of how many examples where these were not those of the script."""
    tested, rows = tested_rows(distilled, evaluation)
    if distilled.test_rows is not None:
        rows = len(distilled.test_rows)
    return f"; the card says {100 * evaluation['mean']:.2f} %" + (f" on {tested:,} of them" if tested < rows else "")


def _names_of_network(train: str, attention: int) -> list[str]:
    """What the script takes of the network from `network.py`."""
    kinds = {
        "head": ["Body", "Pooled"],
        "last": ["Body", "Upper", "split"],
        "lora": ["Body", "Upper", "add_lora"],
        "all": ["Body", "Upper"],
    }
    names = kinds.get(train.partition(":")[0], ["make_network"])
    return [*names, "attention_loss"] if attention else names


def _call(train: str, masked: bool) -> str:
    """The logits of samples {0} with their mask {1} and further arguments {2}."""
    calls = {
        "head": "network(below({0}, {1})[0][:, 0])",
        "last": "network(*below({0}, {1}){2})",
    }
    return calls.get(train.partition(":")[0], "network({0}, {1}{2})" if masked else "network({0})")

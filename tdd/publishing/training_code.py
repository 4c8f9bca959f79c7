"""A few lines of plain torch that train a network on a published set."""

from __future__ import annotations

from collections.abc import Callable

import torch

from tdd.data.pixel_normalisation import Normalisation
from tdd.distillation.accuracy import learner_of
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.hub.layout import WEIGHTS
from tdd.networks.learner import Learner
from tdd.publishing.card_text import rates_column
from tdd.settings.encoder_names import is_encoder
from tdd.settings.initialisations import Initialisation
from tdd.settings.networks import CODE, entry_of
from tdd.settings.recipe import Recipe

_FIXED_START = """\
# The initialisation that the set was made for.
tensors = load_file(hf_hub_download("{repo}", "{weights}", repo_type="dataset"))
prefix = "{prefix}"
network.load_state_dict({{k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}})
"""
_RANDOM_START = """\
# Any fresh initialisation of this kind; the factors of a normalisation are one from the start.
for name, p in network.named_parameters():
    if p.dim() > 1:
        torch.nn.init.{drawn_by}(p)
    elif name.endswith("bias"):
        torch.nn.init.zeros_(p)
"""
_TORCHS_START = """\
# Any fresh initialisation: that which torch's own layers have drawn.
"""
_GAIN = """\
for p in network.parameters():
    if p.dim() > 1:
        p.data *= {gain}
"""
_TABLE = """\
# The first words of the vectors, most frequent first.
table = load_embedding("{vectors}").embed(torch.arange({words}) + 1)
"""
_SAMPLES = """\
rows = load_dataset("{repo}", "embeddings", split="train").with_format("torch")[:]
samples = rows["embedding"]
"""
_WORDS = """\
rows = load_dataset("{repo}", split="train").with_format("torch")[:]
vectors = tdd.load_vectors("{vectors}"{pair}).keyed  # gensim's KeyedVectors
samples = torch.zeros(len(rows["text"]), *{shape})
for sample, text in zip(samples, rows["text"]):
    words = text.split(" ")
    sample[: len(words)] = torch.from_numpy(vectors[words])
"""
_PIECES = """\
rows = load_dataset("{repo}", split="train").with_format("torch")[:]
vectors = encoder_tokens("{vectors}")
samples = torch.zeros(len(rows["text"]), *{shape})
for sample, text in zip(samples, rows["text"]):
    pieces = torch.tensor([vectors.id_of(piece) for piece in text.split(" ")])
    sample[: len(pieces)] = vectors.embed(pieces)
"""
_MASK = """\
lengths = {lengths}  # of each sentence, before its padding
mask = torch.arange(samples.shape[1]) < lengths[:, None]
"""
_TRAINING = """\
{rest}for epoch in range({epochs}):
    for step in range({steps}):
        of_step = rows["step"] == step
        logits = network({inputs})
        loss = -(rows["soft_label"][of_step] * logits.log_softmax(1)).sum(1).mean()
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        with torch.no_grad():
            {update}
"""
_PLAIN_UPDATE = """\
for p, gradient in zip(network.parameters(), gradients):
                p -= rows["{rates}"][of_step][0, epoch] * gradient"""
_REST = """\
velocities = [torch.zeros_like(p) for p in network.parameters()]
"""
_MOMENTUM_UPDATE = """\
for p, velocity, gradient in zip(network.parameters(), velocities, gradients):
                velocity.mul_(rows["momentum"][0]).add_(gradient)
                p -= rows["{rates}"][of_step][0, epoch] * velocity"""
_NORMALISING = """\
def normalised(pixels):  # (N, h, w, c) from 0 to 255 -> (N, c, h, w)
    mean = torch.tensor({mean})  # of each channel of the training images
    sd = torch.tensor({sd})
    return ((pixels / 255 - mean) / sd).permute(0, 3, 1, 2)
"""


def published_network(distilled: DistilledSet) -> Learner | None:
    """The set's network, for its source and the inputs of its forward; None where there is no source to show.

    Of a pool it is the first one. There is none of code that only its user's word imports, and of pretrained encoders,
    which may lie in a folder of someone else.
    """
    distilled = distilled.alone()
    if distilled.recipe.network.startswith(CODE) or entry_of(distilled.recipe.network).pretrained:
        return None
    # Where "meta" will do, nothing is drawn and no memory taken.
    known = entry_of(distilled.recipe.network).comes_with_tdd
    return learner_of(distilled, None, torch.device("meta" if known else "cpu"))


def training_code(distilled: DistilledSet, repo: str) -> str:
    """Python that loads the set `repo` with plain `datasets` and leaves a trained `network` behind.

    For images it also leaves a function `normalised` of pixels, for those that the network is to be tested on. Of a
    pool the network is the first one.

    Raises:
        UsageError: the source of the network is not known.
        TddError: the set does not say how its pixels were normalised.
    """
    recipe, text = distilled.recipe, distilled.space.kind == "text"
    learner = published_network(distilled)
    source: Callable[[], str] | None = getattr(learner.module, "source", None) if learner else None
    if learner is None or source is None:
        raise UsageError(f"the source of the network {recipe.network} is not known")
    words = getattr(learner.module, "words_of_table", 0)
    values = {
        "repo": repo,
        "words": words,
        "weights": WEIGHTS,
        "shape": tuple(distilled.samples.shape[2:]),
        "lengths": _lengths(distilled),
        "inputs": "samples[of_step], mask[of_step]" if learner.takes_mask else "samples[of_step]",
        "steps": len(distilled.samples),
        "epochs": recipe.epochs,
        "vectors": recipe.vectors,
        "pair": ", pair=True" if distilled.pair else "",
        "rest": "" if distilled.momentum is None else _REST,
        "update": (_PLAIN_UPDATE if distilled.momentum is None else _MOMENTUM_UPDATE).format(
            rates=rates_column(distilled, recipe.network)
        ),
        "prefix": f"initialisation.{recipe.network}." if recipe.pool else "initialisation.",
    }
    imports = ["import torch", "from datasets import load_dataset"]
    if distilled.initialisation is not None:
        imports += ["from huggingface_hub import hf_hub_download", "from safetensors.torch import load_file"]
    imports += ["from torch import Tensor, nn", *([] if text else ["from torch.nn import functional as F"])]
    samples = _SAMPLES
    if distilled.sentences:
        pieces = is_encoder(recipe.vectors)
        imports.append("from tdd.embeddings.encoder import encoder_tokens" if pieces else "import tdd")
        samples = _PIECES if pieces else _WORDS
    imports += ["from tdd.embeddings.load import load_embedding"] if words else []
    parts = _random_start(recipe) if distilled.initialisation is None else [_FIXED_START]
    parts += [samples + (_MASK if learner.takes_mask else "") + _TRAINING]
    if not text:
        normalisation = Normalisation.from_source(distilled.source)
        values |= {"mean": normalisation.mean.tolist(), "sd": normalisation.sd.tolist()}
        parts.append(_NORMALISING)
    code = [f"{line}\n" for line in imports] + (["\n", _TABLE.format(**values)] if words else [])
    code += ["\n\n", source(), *("\n" + part.format(**values) for part in parts)]
    return "".join(code)


def _random_start(recipe: Recipe) -> list[str]:
    """Code that draws the network as the recipe does, by the first way of several."""
    kind, gain = Initialisation.of(recipe.initialisation[0])
    start = _TORCHS_START if kind == "torch" else _RANDOM_START.replace("{drawn_by}", f"{kind}_")
    return [start if gain == 1 else start + _GAIN.replace("{gain}", f"{gain:g}")]


def _lengths(distilled: DistilledSet) -> str:
    """Code for the number of words of each sentence, before its padding."""
    if distilled.sentences:
        return 'torch.tensor([len(text.split(" ")) for text in rows["text"]])'
    return "torch.full((len(samples),), samples.shape[1])" if distilled.mask is None else 'rows["length"]'


def weights_of(distilled: DistilledSet) -> str:
    """The commit of an encoder and the checksum of its weights, in brackets."""
    commit, weights = (distilled.source.get(f"encoder_{name}") for name in ("revision", "weights"))
    known = [f"commit {commit[:12]}"] if commit else []
    known += [f"sha256 of the weights {weights[:16]}"] if weights else []
    return f" ({', '.join(known)})" if known else ""

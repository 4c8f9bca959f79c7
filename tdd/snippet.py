"""A few lines of plain torch that train a network on a published set."""

from __future__ import annotations

from tdd.distilled import WEIGHTS, DistilledSet

_IMPORTS = """\
import torch
from datasets import load_dataset
"""
_FIXED_IMPORTS = """\
from huggingface_hub import hf_hub_download
from safetensors.torch import load_file
"""
# Networks that a few lines of plain torch can say; for others the card builds them with tdd.
_PLAIN_NETWORKS = {
    "text_cnn": """\
class TextCNN(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = torch.nn.ModuleList(torch.nn.Conv2d(1, {filters}, (width, {dim})) for width in {widths})
        self.classifier = torch.nn.Linear({features}, {classes})

    def forward(self, x):  # embedded sentences (N, words, {dim}) -> logits (N, {classes})
        pooled = [conv(x[:, None]).amax((2, 3)) for conv in self.convs]
        return self.classifier(torch.cat(pooled, 1).relu())

network = TextCNN()
""",
}
_OTHER_NETWORK = """\
from tdd import DistilledSet
from tdd.networks import build_network

network = build_network(DistilledSet.from_pretrained("{repo}").recipe, {shape}, {classes}).eval()
"""
_FIXED_START = """\
# The initialisation that the set was made for.
tensors = load_file(hf_hub_download("{repo}", "{weights}", repo_type="dataset"))
prefix = "initialisation."
network.load_state_dict({{k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}})
"""
_RANDOM_START = """\
# Any fresh initialisation of this kind.
for p in network.parameters():
    torch.nn.init.xavier_normal_(p) if p.dim() > 1 else torch.nn.init.zeros_(p)
"""
_TRAINING = """\
rows = load_dataset("{repo}", "embeddings", split="train").with_format("torch")[:]
for epoch in range({epochs}):
    for step in range({steps}):
        now = rows["step"] == step
        logits = network(rows["embedding"][now])
        loss = -(rows["soft_label"][now] * logits.log_softmax(1)).sum(1).mean()
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        with torch.no_grad():
            for p, gradient in zip(network.parameters(), gradients):
                p -= rows["learning_rates"][now][0, epoch] * gradient
"""


def is_plain(network: str) -> bool:
    """Whether the lines for a network need nothing of tdd."""
    return network in _PLAIN_NETWORKS


def training_code(distilled: DistilledSet, repo: str) -> str:
    """Python that loads the set `repo` with plain `datasets` and leaves a trained `network` behind."""
    recipe, shape = distilled.recipe, tuple(distilled.samples.shape[2:])
    values = {
        "repo": repo,
        "weights": WEIGHTS,
        "shape": shape,
        "dim": shape[-1],
        "classes": len(distilled.classes),
        "widths": recipe.widths,
        "filters": recipe.filters,
        "features": recipe.filters * len(recipe.widths),
        "steps": len(distilled.samples),
        "epochs": recipe.epochs,
    }
    fixed = distilled.initialisation is not None
    imports = _IMPORTS + (_FIXED_IMPORTS if fixed else "")
    network = _PLAIN_NETWORKS.get(recipe.network, _OTHER_NETWORK)
    start = _FIXED_START if fixed else _RANDOM_START
    return imports + "".join("\n" + part.format(**values) for part in (network, start, _TRAINING))

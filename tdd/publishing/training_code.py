"""A few lines of plain torch that train a network on a published set."""

from __future__ import annotations

import torch

from tdd.data.pixel_normalisation import Normalisation
from tdd.distilled_set.set import DistilledSet
from tdd.hub.layout import WEIGHTS
from tdd.networks.registry import build_network

# Each computes what its namesake in tdd.networks.registry does, with parameters of the same names in the same order.
_NETWORKS = {
    "text_cnn": """\
class TextCNN(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = torch.nn.ModuleList(
            torch.nn.Conv2d(1, {network.filters}, (width, {shape[1]})) for width in {network.widths}
        )
        self.classifier = torch.nn.Linear({network.classifier.in_features}, {classes})

    def forward(self, x):  # embedded sentences (N, words, {shape[1]}) -> logits (N, {classes})
        pooled = [conv(x[:, None]).amax((2, 3)) for conv in self.convs]
        return self.classifier(torch.cat(pooled, 1).relu())

network = TextCNN()
""",
    "lenet": """\
class LeNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d({shape[0]}, 6, 5)
        self.conv2 = torch.nn.Conv2d(6, 16, 5)
        self.full1 = torch.nn.Linear({network.full1.in_features}, 120)
        self.full2 = torch.nn.Linear(120, 84)
        self.classifier = torch.nn.Linear(84, {classes})

    def forward(self, x):  # normalised images (N, {shape[0]}, {shape[1]}, {shape[2]}) -> logits (N, {classes})
        x = F.pad(F.interpolate(x, scale_factor={network.frame.times}), {network.frame.padding})
        x = F.max_pool2d(self.conv1(x).relu(), 2)
        x = F.max_pool2d(self.conv2(x).relu(), 2)
        return self.classifier(self.full2(self.full1(x.flatten(1)).relu()).relu())

network = LeNet()
""",
    "alexcifarnet": """\
class AlexCifarNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d({shape[0]}, 64, 5, padding=2)
        self.conv2 = torch.nn.Conv2d(64, 64, 5, padding=2)
        self.full1 = torch.nn.Linear({network.full1.in_features}, 384)
        self.full2 = torch.nn.Linear(384, 192)
        self.classifier = torch.nn.Linear(192, {classes})

    def forward(self, x):  # normalised images (N, {shape[0]}, {shape[1]}, {shape[2]}) -> logits (N, {classes})
        norm = dict(size=4, alpha=0.001 / 9, beta=0.75, k=1)
        x = F.local_response_norm(F.max_pool2d(self.conv1(x).relu(), 3, stride=2, padding=1), **norm)
        x = F.max_pool2d(F.local_response_norm(self.conv2(x).relu(), **norm), 3, stride=2, padding=1)
        return self.classifier(self.full2(self.full1(x.flatten(1)).relu()).relu())

network = AlexCifarNet()
""",
    "convnet": """\
class ConvNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = torch.nn.ModuleList(torch.nn.Conv2d(c, 128, 3, padding=1) for c in ({shape[0]}, 128, 128))
        self.norms = torch.nn.ModuleList(torch.nn.GroupNorm(128, 128) for _ in range(3))
        self.classifier = torch.nn.Linear({network.classifier.in_features}, {classes})

    def forward(self, x):  # normalised images (N, {shape[0]}, {shape[1]}, {shape[2]}) -> logits (N, {classes})
        x = F.pad(x, {network.padding})
        for conv, norm in zip(self.convs, self.norms):
            x = F.avg_pool2d(norm(conv(x)).relu(), 2)
        return self.classifier(x.flatten(1))

network = ConvNet()
""",
}
_FIXED_START = """\
# The initialisation that the set was made for.
tensors = load_file(hf_hub_download("{repo}", "{weights}", repo_type="dataset"))
prefix = "initialisation."
network.load_state_dict({{k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}})
"""
_RANDOM_START = """\
# Any fresh initialisation of this kind; the factors of a normalisation are one from the start.
for name, p in network.named_parameters():
    if p.dim() > 1:
        torch.nn.init.xavier_normal_(p)
    elif name.endswith("bias"):
        torch.nn.init.zeros_(p)
"""
_SAMPLES = """\
rows = load_dataset("{repo}", "embeddings", split="train").with_format("torch")[:]
samples = rows["embedding"]
"""
_WORDS = """\
rows = load_dataset("{repo}", split="train").with_format("torch")[:]
vectors = tdd.load_vectors("{vectors}").keyed  # gensim's KeyedVectors
samples = torch.zeros(len(rows["text"]), *{shape})
for sample, text in zip(samples, rows["text"]):
    words = text.split(" ")
    sample[: len(words)] = torch.from_numpy(vectors[words])
"""
_TRAINING = """\
{rest}for epoch in range({epochs}):
    for step in range({steps}):
        of_step = rows["step"] == step
        logits = network(samples[of_step])
        loss = -(rows["soft_label"][of_step] * logits.log_softmax(1)).sum(1).mean()
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        with torch.no_grad():
            {update}
"""
_PLAIN_UPDATE = """\
for p, gradient in zip(network.parameters(), gradients):
                p -= rows["learning_rates"][of_step][0, epoch] * gradient"""
_REST = """\
velocities = [torch.zeros_like(p) for p in network.parameters()]
"""
_MOMENTUM_UPDATE = """\
for p, velocity, gradient in zip(network.parameters(), velocities, gradients):
                velocity.mul_(rows["momentum"][0]).add_(gradient)
                p -= rows["learning_rates"][of_step][0, epoch] * velocity"""
_NORMALISING = """\
def normalised(pixels):  # (N, h, w, c) from 0 to 255 -> (N, c, h, w)
    mean = torch.tensor({mean})  # of each channel of the training images
    sd = torch.tensor({sd})
    return ((pixels / 255 - mean) / sd).permute(0, 3, 1, 2)
"""


def training_code(distilled: DistilledSet, repo: str) -> str:
    """Python that loads the set `repo` with plain `datasets` and leaves a trained `network` behind.

    For images it also leaves a function `normalised` of pixels, for those that the network is to be tested on.

    Raises:
        UsageError: the set's network does not read such samples.
        TddError: the set does not say how its pixels were normalised.
    """
    recipe, shape = distilled.recipe, tuple(distilled.samples.shape[2:])
    # For its sizes alone: nothing is drawn and no memory taken.
    with torch.device("meta"):
        network = build_network(recipe, shape, len(distilled.classes))
    values = {
        "repo": repo,
        "weights": WEIGHTS,
        "network": network,
        "shape": shape,
        "classes": len(distilled.classes),
        "steps": len(distilled.samples),
        "epochs": recipe.epochs,
        "vectors": recipe.vectors,
        "rest": "" if distilled.momentum is None else _REST,
        "update": _PLAIN_UPDATE if distilled.momentum is None else _MOMENTUM_UPDATE,
    }
    text, fixed = distilled.is_text, distilled.initialisation is not None
    imports = ["import torch", "from datasets import load_dataset"]
    if fixed:
        imports += ["from huggingface_hub import hf_hub_download", "from safetensors.torch import load_file"]
    if not text:
        imports += ["from torch.nn import functional as F"]
        normalisation = Normalisation.from_source(distilled.source)
        values |= {"mean": normalisation.mean.tolist(), "sd": normalisation.sd.tolist()}
    imports += ["import tdd"] if distilled.sentences else []
    reading = (_WORDS if distilled.sentences else _SAMPLES) + _TRAINING
    parts = [_NETWORKS[recipe.network], _FIXED_START if fixed else _RANDOM_START, reading]
    parts += [] if text else [_NORMALISING]
    return "".join(f"{line}\n" for line in imports) + "".join("\n" + part.format(**values) for part in parts)

"""The lines of the script of a card that make a network with the parameters that its training starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tdd.publishing.card_text import as_python
from tdd.settings.initialisations import USUAL_INITIALISATION, Initialisation

if TYPE_CHECKING:
    from torch import nn

    from tdd.distilled_set.set import DistilledSet
    from tdd.networks.learner import Learner


def network_lines(distilled: DistilledSet, prefix: str, train: str, learner: Learner | None) -> list[str]:
    """The lines that make a network with the parameters that its training starts from.

    They take those of a fixed initialisation from `tensors`.
    """
    drawn = distilled.initialisation is None
    if learner is None:
        return [*_encoder(distilled, prefix, train), *(_drawn_classifier(distilled, train) if drawn else [])]
    words = getattr(learner.module, "words_of_table", 0)
    given = f"torch.tensor(vectors.vectors[:{words}])" if words else ""
    start = _drawn(distilled.recipe.initialisation[0], learner.module) if drawn else _loaded(prefix)
    return [f"network = make_network({given})", *start]


def _loaded(prefix: str, strict: bool = True) -> list[str]:
    """The lines that give a network the initialisation of the set."""
    named = f"name[{len(prefix)}:]: p for name, p in tensors.items() if name.startswith({as_python(prefix)})"
    return [f"network.load_state_dict({{{named}}}{'' if strict else ', strict=False'})"]


def _encoder(distilled: DistilledSet, prefix: str, train: str) -> list[str]:
    """The lines that make the network of a pretrained encoder."""
    kind, _, count = train.partition(":")
    classes, pooling = len(distilled.classes), str(getattr(distilled.recipe.options, "pooling", "mean"))
    lines = ["model = copy.deepcopy(encoder).requires_grad_(False).eval()"]
    made = f'network = Upper({{}}, "{pooling}", model.config.hidden_size, {classes})'
    prefix += "upper."
    if kind == "head":
        lines += [f'below = Pooled(Body(model, prefix, suffix), "{pooling}")']
        lines += [f"network = nn.Linear(model.config.hidden_size, {classes})"]
        prefix += "classifier."
    elif kind == "last":
        lines += [f'lower, upper = split("encoder", model, {count})', "below = Body(lower, prefix, suffix)"]
        lines += [made.format("Body(upper)") + ".requires_grad_()"]
    elif kind == "lora":
        lines += [f'add_lora("encoder", model, {count})', made.format("Body(model, prefix, suffix)")]
    else:
        lines += [made.format("Body(model, prefix, suffix)") + ".requires_grad_()"]
        lines += ["model.get_input_embeddings().requires_grad_(False)"]
    if distilled.initialisation is not None:
        lines += _loaded(prefix, strict=kind == "head")
    return lines


def _drawn_classifier(distilled: DistilledSet, train: str) -> list[str]:
    """The lines that draw the classifier of an encoder, and the first factors of LoRA (arXiv 2106.09685, 4.1)."""
    kind, gain = Initialisation.of(distilled.recipe.initialisation[0])
    classifier = "network" if train == "head" else "network.classifier"
    lines = []
    if kind != "torch":
        lines += [f"torch.nn.init.{kind}_({classifier}.weight)", f"torch.nn.init.zeros_({classifier}.bias)"]
    if gain != 1:
        lines += [f"{classifier}.weight.data *= {gain:g}"]
    if train.startswith("lora"):
        lines += ["for name, p in network.named_parameters():", '    if name.endswith("lora_a"):']
        lines += ["        torch.nn.init.normal_(p, std=p.shape[1] ** -0.5)"]
    return lines


def _drawn(initialisation: str, module: nn.Module) -> list[str]:
    """The lines that draw a network as the recipe does, by the first way of several."""
    kind, gain = Initialisation.of(initialisation)
    lines = []
    if kind != "torch":
        lines = ["for name, p in network.named_parameters():"]
        draw = f"(torch.nn.init.{kind}_ if p.dim() > 1 else torch.nn.init.zeros_)(p)"
        flat = [name for name, p in module.named_parameters() if p.dim() < 2]
        if not any(name.endswith("weight") for name in flat):
            lines = ["for p in network.parameters():", f"    {draw}"]
        else:  # the factors of a normalisation are one from the start
            lines += ['    if p.dim() > 1 or not name.endswith("weight"):', f"        {draw}"]
    else:  # what is of no layer of torch is drawn as usual
        names = [name for name, p in module.named_parameters(recurse=False) if p.dim() > 1]
        lines = [f"torch.nn.init.{USUAL_INITIALISATION}_(network.{name})" for name in names]
    if gain != 1:
        lines += ["for p in network.parameters():", f"    p.data *= {gain:g} if p.dim() > 1 else 1"]
    return lines

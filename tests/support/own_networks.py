"""Networks of a user's own, as classes that take what tdd calls them with."""

import torch
from torch import Tensor, nn

from tdd.settings.fields import setting
from tdd.settings.networks import NetworkOptions


class Mlp(nn.Module):
    """Whatever an example is, laid flat, one hidden layer; it knows of no mask."""

    def __init__(self, space, classes: int, hidden: int = 5):
        super().__init__()
        self.hidden = nn.Linear(torch.Size(space.shape).numel(), hidden)
        self.classifier = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.hidden(x.flatten(1)).tanh())


class Sized(Mlp):
    """An `Mlp` that declares its options."""

    class Options(NetworkOptions):
        hidden: int = setting(4, "units of the hidden layer", unit="units", ge=1)

    def __init__(self, space, classes: int, options: Options):
        super().__init__(space, classes, options.hidden)


class Lstm(nn.Module):
    """The mean of an LSTM's states where sentences have words."""

    def __init__(self, space, classes: int, hidden: int = 4):
        super().__init__()
        self.lstm = nn.LSTM(space.shape[1], hidden, batch_first=True)
        self.classifier = nn.Linear(hidden, classes)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        states, _ = self.lstm(x)
        inside = mask[..., None].to(x.dtype)
        return self.classifier((states * inside).sum(1) / inside.sum(1).clamp(min=1))


class Frozen(Mlp):
    """An `Mlp` behind a random layer that nobody trains, with a random buffer that no state_dict holds."""

    def __init__(self, space, classes: int):
        super().__init__(space, classes)
        width = space.shape[-1]
        self.frozen = nn.Linear(width, width).requires_grad_(False)
        self.register_buffer("scale", torch.rand(width), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.frozen(x) * self.scale)


class Packed(nn.Module):
    """The last state of a GRU that is told lengths, which it reads off the mask on the host."""

    def __init__(self, space, classes: int, hidden: int = 4):
        super().__init__()
        self.scale = torch.linspace(0, 1, 3).mean().item()  # a number, which "meta" has none of
        self.gru = nn.GRU(space.shape[1], hidden, batch_first=True)
        self.classifier = nn.Linear(hidden, classes)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        lengths = mask.sum(1).clamp(min=1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.classifier(self.gru(packed)[1][-1] * self.scale)


class Outer:
    """A class with a network inside."""

    class Net(Mlp):
        """Known by where it stands."""

"""Float32 is float32 on accelerators too, from the moment that a run knows its device."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import tdd
from tdd.system import processes
from tdd.system.precision import set_float32_precision


def precisions() -> list[str]:
    backends = torch.backends
    return [part.fp32_precision for part in (backends.cudnn.conv, backends.cudnn.rnn, backends.cuda.matmul)]


@pytest.fixture(autouse=True)
def rounded() -> Iterator[None]:
    """As torch begins, or another program has left it; put back as it was."""
    set_float32_precision("tf32")
    yield
    set_float32_precision("ieee")


@pytest.mark.parametrize("device", [None, "cpu"])
def test_products_and_convolutions_are_exact_once_there_is_an_accelerator(device):
    assert precisions() == ["tf32"] * 3
    processes.accelerator(device)
    assert precisions() == ["ieee"] * 3


def test_accelerate_is_asked_for_a_device_in_one_place_alone():
    package = Path(tdd.__file__).parent
    made_in = [
        path.relative_to(package).as_posix() for path in package.rglob("*.py") if "Accelerator(" in path.read_text()
    ]
    assert made_in == ["system/processes.py"]
    assert "mixed_precision" not in (package / made_in[0]).read_text()

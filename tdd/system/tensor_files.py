"""Files of tensors: safetensors, written atomically and read as data from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from tdd.errors import TddError
from tdd.system.files import write_atomically


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
    """Write tensors as safetensors, atomically; equal content gives equal bytes.

    Raises:
        TddError: the folder cannot be written to or the disk is full.
    """
    ready = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}

    def write(temporary: Path) -> None:
        try:
            save_file(ready, temporary, metadata)
        except SafetensorError as error:  # a full disk, among others, which is no OSError here
            raise OSError(str(error)) from None

    write_atomically(path, write)


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a safetensors file and its metadata.

    Raises:
        TddError: the file cannot be read, or is truncated or foreign.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except OSError as error:
        raise TddError(f"cannot read {path}: {error.strerror or error}") from None
    except (SafetensorError, ValueError) as error:
        raise TddError(f"{path} is truncated or not a safetensors file ({error}); get a fresh copy") from None


Tensors = dict[str, Tensor]

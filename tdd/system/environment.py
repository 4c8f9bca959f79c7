"""What a bug report needs to know of the machine, and nothing of who uses it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tdd.system.version import __version__

PACKAGES = (
    *("torch", "accelerate", "datasets", "gensim", "huggingface-hub", "numpy", "pyarrow", "pydantic"),
    *("safetensors", "typer", "matplotlib", "transformers", "tokenizers", "tensorboard", "trackio"),
)
# What changes where and how data are found. Only whether they are set is told: their values may hold names and tokens.
VARIABLES = ("TDD_CACHE", "XDG_CACHE_HOME", "HF_HOME", "HF_ENDPOINT", "HF_HUB_OFFLINE", "HF_TOKEN", "OMP_NUM_THREADS")


def environment() -> dict[str, str]:
    """Versions, platform, threads, device and caches by name; no path, user, host or token among them."""
    import torch

    from tdd.system.files import cache_folder
    from tdd.system.processes import accelerator

    device = accelerator().device
    name = f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""
    return (
        {"tdd": __version__}
        | {package: _version(package) for package in PACKAGES}
        | {
            "python": f"{platform.python_version()} ({platform.python_implementation()})",
            "platform": f"{platform.system()} {platform.release()}, {platform.machine()}",
            "cores": str(os.cpu_count()),
            "threads": str(torch.get_num_threads()),
            "device": f"{device.type}{name}",
            "cache": _size(cache_folder()),
            "set variables": ", ".join(name for name in VARIABLES if os.environ.get(name)) or "none",
        }
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _size(folder: Path) -> str:
    try:
        megabytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return f"{megabytes:,.0f} MB"

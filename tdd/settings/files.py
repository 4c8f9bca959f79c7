"""Recipe files: YAML that holds settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tdd.errors import UsageError


def read_settings(path: Path) -> dict[str, Any]:
    """The mapping in a YAML recipe file.

    Raises:
        UsageError: the file is missing, not YAML, or not a mapping of settings.
    """
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the recipe {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        raise UsageError(f"{path} is not valid YAML" + (f" (line {line + 1})" if line is not None else "")) from None
    if not isinstance(loaded, dict):
        raise UsageError(f"{path} does not hold settings, one 'name: value' a line")
    return loaded

"""Recipe files: YAML that holds settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tdd.errors import UsageError


class _Loader(yaml.SafeLoader):
    """YAML of which no mapping has a key twice: the last one would count in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping.

        Raises:
            UsageError: a key stands there twice.
        """
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise UsageError(f"'{key.value}' is set twice (line {key.start_mark.line + 1}); leave one of them out")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_yaml(text: str) -> Any:
    """What YAML text holds.

    Raises:
        UsageError: a mapping has a key twice.
        yaml.YAMLError: it is not YAML.
    """
    return yaml.load(text, _Loader)


def read_settings(path: Path, what: str = "recipe") -> dict[str, Any]:
    """The mapping in a YAML file, a recipe or `what` it is called.

    Raises:
        UsageError: the file is missing, not YAML, not a mapping of settings, or sets one twice.
    """
    try:
        loaded = load_yaml(path.read_text(encoding="utf-8"))
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    except OSError as error:
        raise UsageError(f"cannot read the {what} {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        raise UsageError(f"{path} is not valid YAML" + (f" (line {line + 1})" if line is not None else "")) from None
    if not isinstance(loaded, dict):
        raise UsageError(f"{path} does not hold settings, one 'name: value' a line")
    return loaded

"""Whether a file's text parses as its path says: Python, JSON, YAML. Runs nothing of it."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

import yaml

from drystone.detect._kernel import within_literals

#: Larger files are not parsed: the answer is None.
LARGEST: Final = 16 << 20
_PYTHON: Final = (".py", ".pyi")
_JSON: Final = (".json", ".ipynb", ".geojson", ".webmanifest")
_YAML: Final = (".yaml", ".yml")


def _suffix(path: str | None) -> str:
    return PurePosixPath(path.lower()).suffix if path is not None else ""


def may_break(data: bytes, changes: Sequence[tuple[int, int, bytes]], path: str | None) -> bool:
    """Return whether `changes` (start, end, letters and angle brackets; sorted, apart) can stop a text from parsing.

    False only where that is sure: all lie within comments or plain string literals, where no letter counts.
    """
    suffix = _suffix(path)
    if suffix in _PYTHON or suffix in _JSON:
        # Where nothing stands in for what goes, quotes around it could meet.
        if not all(text for _, _, text in changes):
            return True
        return not within_literals(data, [(start, end) for start, end, _ in changes], suffix in _PYTHON)
    return suffix in _YAML


def parses(data: bytes, path: str | None) -> bool | None:
    """Return whether the text parses as Python, JSON or YAML; None for other paths and very large texts."""
    suffix = _suffix(path)
    if len(data) > LARGEST:
        return None
    try:
        if suffix in _PYTHON:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(data)
        elif suffix in _JSON:
            json.loads(data)
        elif suffix in _YAML:
            for _ in yaml.parse(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
                pass
        else:
            return None
    except (SyntaxError, ValueError, RecursionError, MemoryError, yaml.YAMLError):
        return False
    return True

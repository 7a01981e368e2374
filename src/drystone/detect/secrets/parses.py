"""Whether a file's text parses as its path says: Python, JSON, YAML. Runs nothing of it."""

from __future__ import annotations

import ast
import json
import warnings
from pathlib import PurePosixPath
from typing import Final

import yaml

#: Larger files are not parsed: the answer is None.
LARGEST: Final = 16 << 20


def parses(data: bytes, path: str | None) -> bool | None:
    """Return whether the text parses as Python, JSON or YAML; None for other paths and very large texts."""
    suffix = PurePosixPath(path.lower()).suffix if path is not None else ""
    if len(data) > LARGEST:
        return None
    try:
        if suffix in (".py", ".pyi"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(data)
        elif suffix in (".json", ".ipynb", ".geojson", ".webmanifest"):
            json.loads(data)
        elif suffix in (".yaml", ".yml"):
            for _ in yaml.parse(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
                pass
        else:
            return None
    except (SyntaxError, ValueError, RecursionError, MemoryError, yaml.YAMLError):
        return False
    return True

"""Detectors whose result a release shows as it is: each a module with `annotate(text, name)`, found by its file name.

The module `NAME.py` makes the column `NAME` of `data`; the column's type and meaning stand in the release's table of
columns. What is here looks at one text and one of its file's names, takes bounded time on hostile input, and knows no
policy and no other file.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

#: Takes the UTF-8 text of a file and its name; returns the column's value, None where it says nothing.
Annotate = Callable[[bytes, str], Any]


@cache
def column_detectors() -> dict[str, Annotate]:
    """Return the detectors by the column that each makes, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: import_module(f"{__name__}.{name}").annotate for name in names}

"""Names of a package that are loaded when first asked for, so that commands and worker processes start quickly."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def lazily(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a `__getattr__` (PEP 562) for `package`: `homes` tells which module each name comes from."""

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(homes[name]), name)
        # Asked once: some of these names stand in loops.
        setattr(sys.modules[package], name, value)
        return value

    return get

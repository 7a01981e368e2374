"""How much a licence asks, in four steps, to tell which of two is the stricter. Not a policy: nothing is accepted here.

Steps follow the categories of ScanCode LicenseDB (CC-BY-4.0), as license-expression ships them.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

from license_expression import ExpressionError

from drystone.detect.licenses.matching.names import spdx_licensing

#: Categories that are not named here (proprietary, commercial, unstated) are the strictest.
_STEPS: Final = {"Public Domain": 0, "Permissive": 0, "Copyleft Limited": 1, "Copyleft": 2}
UNKNOWN: Final = 3


@cache
def _categories() -> dict[str, str]:
    path = files("license_expression").joinpath("data/scancode-licensedb-index.json")
    found: dict[str, str] = {}
    for entry in json.loads(path.read_bytes()):
        for key in (entry.get("spdx_license_key"), *(entry.get("other_spdx_license_keys") or ())):
            if key and entry.get("category"):
                found.setdefault(key, entry["category"])
    return found


@lru_cache(maxsize=20_000)
def strictness(expression: str) -> int:
    """Return 0 (permissive), 1 (limited copyleft), 2 (copyleft) or 3 (more, or unknown); OR is the milder branch."""
    try:
        return _of(spdx_licensing().parse(expression, validate=False))
    except (ExpressionError, ValueError, RecursionError, AttributeError, TypeError):
        return UNKNOWN


def _of(node: Any) -> int:
    if hasattr(node, "exception_symbol"):
        return _STEPS.get(_categories().get(str(node.license_symbol.key), ""), UNKNOWN)
    if not getattr(node, "args", ()):
        return _STEPS.get(_categories().get(str(node.key), ""), UNKNOWN)
    steps = [_of(child) for child in node.args]
    return min(steps) if isinstance(node, spdx_licensing().OR) else max(steps)

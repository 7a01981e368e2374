"""How much a licence asks, in four steps, to tell which of two is the stricter. Not a policy: nothing is accepted here.

Steps follow the categories of ScanCode LicenseDB.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from license_expression import ExpressionError

from drystone.detect.licenses.categories import categories
from drystone.detect.licenses.matching.names import spdx_licensing

#: Categories that are not named here (proprietary, commercial, unstated) are the strictest.
_STEPS: Final = {"Public Domain": 0, "Permissive": 0, "Copyleft Limited": 1, "Copyleft": 2}
UNKNOWN: Final = 3


@lru_cache(maxsize=20_000)
def strictness(expression: str) -> int:
    """Return 0 (permissive), 1 (limited copyleft), 2 (copyleft) or 3 (more, or unknown); OR is the milder branch."""
    try:
        return _of(spdx_licensing().parse(expression, validate=False))
    except (ExpressionError, ValueError, RecursionError, AttributeError, TypeError):
        return UNKNOWN


def _of(node: Any) -> int:
    if hasattr(node, "exception_symbol"):
        return _STEPS.get(categories().get(str(node.license_symbol.key), ""), UNKNOWN)
    if not getattr(node, "args", ()):
        return _STEPS.get(categories().get(str(node.key), ""), UNKNOWN)
    steps = [_of(child) for child in node.args]
    return min(steps) if isinstance(node, spdx_licensing().OR) else max(steps)

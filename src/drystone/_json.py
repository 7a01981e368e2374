"""The type of data that is free JSON: what a source, a person or a policy wrote, of which no key is known here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, Union

Json: TypeAlias = Union[Mapping[str, "Json"], Sequence["Json"], str, int, float, bool, None]  # noqa: UP007  (a name yet unbound)

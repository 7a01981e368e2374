"""The type of data that is free JSON: what a source, a person or a policy wrote, of which no key is known here."""

from __future__ import annotations

from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

"""A paper and what it leaves open: fields of a form that nothing knows are named, never filled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from drystone._json import Json

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Open:
    """A field of a form that the release does not know, and what would settle it."""

    field: str
    settled_by: str


@dataclass(frozen=True, slots=True)
class Paper:
    """The text of a paper, and the fields of its form that stay open."""

    text: str
    left_open: tuple[Open, ...] = ()


#: What settles a field that the one who builds a release can say.
DATE: Final = "`date` under [release] of the build's settings"
URL: Final = "`url` under [release] of the build's settings"
AUTHORS: Final = "`authors` under [release] of the build's settings"
DESCRIPTION: Final = "`description` under [release] of the build's settings"


class Form:
    """The fields of a form while they are filled in."""

    def __init__(self) -> None:
        self._open: list[Open] = []

    def take(self, field: str, value: _T | None, settled_by: str) -> _T | None:
        """Return a value; where there is none, note that the field stays open."""
        if value is None or value in ("", (), []):
            self._open.append(Open(field, settled_by))
            return None
        return value

    def paper(self, text: str) -> Paper:
        """Return the paper with the fields that stayed open."""
        return Paper(text, tuple(self._open))

    def json(self, found: Mapping[str, Json]) -> Paper:
        """Return the paper of a JSON object."""
        return self.paper(json.dumps(found, indent=2) + "\n")


def filled(**fields: Json) -> dict[str, Json]:
    """Return the fields that have a value, without empty lists and objects."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}

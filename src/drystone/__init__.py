"""Governed code-dataset releases, traced file by file.

`build` makes a release, `open_release` reads one; the rooms below hold the rest (docs/design.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drystone._lazy import lazily

if TYPE_CHECKING:
    from drystone.building.face import build
    from drystone.errors import DrystoneError
    from drystone.reader.reader import Reader
    from drystone.release.manifest import Manifest
    from drystone.release.read import Release, open_release

__all__ = ["DrystoneError", "Manifest", "Reader", "Release", "build", "open_release"]

_HOMES = {
    "DrystoneError": "drystone.errors",
    "Manifest": "drystone.release.manifest",
    "Reader": "drystone.reader.reader",
    "Release": "drystone.release.read",
    "build": "drystone.building.face",
    "open_release": "drystone.release.read",
}
__getattr__ = lazily(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

"""The folder that a release is built into: whether it may be."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from drystone.errors import BuildError
from drystone.release import layout

#: Marks a folder in which a build is under way; removed when the manifest is in place.
INCOMPLETE: Final = "INCOMPLETE"


def check_output(output: Path) -> None:
    """Raise `BuildError` where `output` exists and is neither empty, nor a release, nor a build that was cut short."""
    if output.exists() and not output.is_dir():
        raise BuildError(f"{output}: is a file; choose a folder for the release")
    if not output.is_dir() or not any(output.iterdir()):
        return
    if not (output / layout.MANIFEST).exists() and not (output / INCOMPLETE).exists():
        raise BuildError(f"{output}: is not a release and not empty; choose another folder")

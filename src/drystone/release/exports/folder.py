"""The folder that an export is written into: what an export has written there it may replace, and nothing else.

`INCOMPLETE` notes the name of each file before it is written, `export.json` names them all at the end.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import orjson

from drystone.errors import UsageError
from drystone.release import layout
from drystone.release.files import HashingSink, whole_file, write_whole
from drystone.work.files import remove_partial

EXPORT: Final = "export.json"
#: Marks a folder in which an export is under way, or was stopped.
INCOMPLETE: Final = "INCOMPLETE"
NOTICE: Final = "NOTICE"
#: How the names of folders begin in which rows wait for their order.
SPILL: Final = ".spill-"
_BEGUN: Final = "An export is under way here. Until it is done, these files are of its making:\n"
#: Names that an export gives its files: of splits or shards, one folder deep at most below `data`; the tokenizer's.
_NAME: Final = re.compile(
    r"tokenizer\.json|data/(?:[^/\0]+/)?[^/\0]+\."
    r"(?:parquet|jsonl|txt|bin|idx|loss|mds|tar|ds|ds\.index|ds\.loss|ds\.metadata|json)"
)


class ExportFolder:
    """The folder of one export. `path`: where it is."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self, release: Path, replace: bool) -> None:
        """Raise `UsageError` where an export cannot be written here: it lies in `release`, or is not free."""
        shown = layout.shown(str(self.path))
        if self.path.resolve() == release.resolve() or release.resolve() in self.path.resolve().parents:
            raise UsageError(f"{shown}: lies in the release itself; choose another folder")
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise UsageError(f"{shown}: is a file; choose a folder for the export")
        if not any(self.path.iterdir()) or (self.path / INCOMPLETE).is_file():
            return
        if not (self.path / EXPORT).is_file():
            raise UsageError(f"{shown}: is not empty, and no export; choose another folder")
        if not replace:
            raise UsageError(f"{shown}: holds an export already; choose another folder, or replace it with --replace")

    def begin(self) -> None:
        """Remove an earlier export, whole or not; what is not of its making stays."""
        made = self._made()
        write_whole(self.path / INCOMPLETE, "".join([_BEGUN, *(f"{name}\n" for name in made)]).encode())
        remove_partial(self.path)
        for name in (EXPORT, NOTICE, *made):
            (self.path / name).unlink(missing_ok=True)
        for path in self.path.glob(f"{SPILL}*"):
            shutil.rmtree(path)
        write_whole(self.path / INCOMPLETE, _BEGUN.encode())

    @contextmanager
    def new_file(self, name: str) -> Iterator[HashingSink]:
        """Give a file of the export to write. Raises `UsageError` where one is there that it has not written."""
        path = self.path / name
        if path.exists() or path.is_symlink():
            raise UsageError(f"{layout.shown(str(path))}: is there already, and not of an export's making; move it")
        with (self.path / INCOMPLETE).open("a", encoding="utf-8") as note:
            note.write(f"{name}\n")
        with whole_file(path) as sink:
            yield sink

    def end(self, record: bytes) -> None:
        """Write what the export is, which says that it is complete."""
        write_whole(self.path / EXPORT, record)
        (self.path / INCOMPLETE).unlink()

    def _made(self) -> list[str]:
        """Return the files that exports have written here, by their own records, and that lie where theirs do."""
        names: set[str] = set()
        with suppress(OSError, ValueError, TypeError, KeyError):  # there is none that was completed
            names.update(str(file["path"]) for file in orjson.loads((self.path / EXPORT).read_bytes())["files"])
        with suppress(OSError, ValueError):  # there is none that was stopped
            names.update((self.path / INCOMPLETE).read_text("utf-8").splitlines()[1:])
        inside = self.path.resolve()
        found = sorted(name for name in names if _NAME.fullmatch(name) and ".." not in name.split("/"))
        return [name for name in found if (self.path / name).parent.resolve().is_relative_to(inside)]

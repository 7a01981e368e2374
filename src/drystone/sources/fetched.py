"""What earlier fetches have left in a cache, by the place that it came from, so that it can be removed again.

Knows where git mirrors and packages of the index lie below a cache; nothing of why something should go.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pygit2
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from drystone.work.remote.mirror import PACKED, folder_here, forget_folder, names, opened, remove


@dataclass(frozen=True, slots=True)
class Fetched:
    """One thing in a cache: the place that it came from, and its files or folders."""

    place: str
    paths: tuple[Path, ...]

    def remove(self) -> None:
        """Remove it; a later fetch brings it again."""
        for path in self.paths:
            if path.is_dir():
                forget_folder(path)
                # Under another name first: half a mirror must not be taken for one.
                gone = path.with_name(f".removed-{path.name}")
                shutil.rmtree(gone, ignore_errors=True)
                path.rename(gone)
                shutil.rmtree(gone)
            else:
                remove(path)


def fetched(cache: Path) -> Iterator[Fetched]:
    """Yield the mirrors and packages in a cache, by name; what does not tell its place is passed over."""
    clones = {cache / "git" / name.removesuffix(PACKED) for name in names(cache / "git")}
    for mirror in sorted(path for path in clones if path.match("*.git")):
        try:
            folder_here(mirror)
            url = str(pygit2.Config(str(mirror / "config"))["remote.origin.url"])
        except (KeyError, OSError, ValueError, pygit2.GitError):
            continue
        yield Fetched(url, (mirror,))
    for note in (cache / "pypi" / name for name in names(cache / "pypi") if name.endswith(".json")):
        try:
            said = json.loads(opened(note, Path.read_bytes))
            file = cache / "pypi" / said["sha256"] / said["filename"]
            parse = parse_wheel_filename if file.suffix == ".whl" else parse_sdist_filename
            name = parse(file.name)[0]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if file.parent.parent == cache / "pypi":
            yield Fetched(f"pypi:{name}", (note, file))
    for note in (cache / "npm" / name for name in names(cache / "npm") if name.endswith(".json")):
        try:
            said = json.loads(opened(note, Path.read_bytes))
            file, place = cache / "npm" / said["sha256"] / said["filename"], f"npm:{said['package']}"
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if file.parent.parent == cache / "npm":
            yield Fetched(place, (note, file))


def forget(cache: Path, is_out: Callable[[str], bool]) -> int:
    """Remove from a cache what was fetched from places that are out; return how many things that were."""
    gone = [each for each in fetched(cache) if is_out(each.place)]
    for each in gone:
        each.remove()
    return len(gone)

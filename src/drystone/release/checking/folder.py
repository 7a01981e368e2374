"""What lies in the folder of a release besides the files that its manifest lists: nothing may, but a few by name.

Looks at names and kinds of files, and at what speaks of other versions: tombstones and signatures.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.files import file_sha256
from drystone.release.manifest import FileEntry, Manifest, Recorded
from drystone.release.versions import numbers as versions
from drystone.release.versions import signatures
from drystone.release.versions.numbers import RETRACTION, Tombstone, read_tombstone
from drystone.release.versions.switch import STAGING
from drystone.work.files import intended

#: Told (check, file, what is wrong), as by the other checks.
Add = Callable[[str, str, str], None]

CUT_SHORT: Final = "a retraction or an update was cut short here; run it again"


def place_of(folder: Path, entry: Recorded) -> str:
    """Return the file that holds what is listed: a document may wait beside the one that it takes the place of."""
    if isinstance(entry, FileEntry):
        return entry.place
    waiting = folder / f"{entry.path}{layout.NEXT}"
    if waiting.is_file() and waiting.stat().st_size == entry.bytes and file_sha256(waiting) == entry.sha256:
        return waiting.name
    return entry.path


def check_strangers(folder: Path, manifest: Manifest, add: Add, note: Callable[[str], object]) -> None:
    """Tell of every file that the manifest does not list, and of links and other things that are no plain file.

    Names at the top that begin with a dot are passed over: git and the Hub put theirs there. What an interrupted
    command has left is noted.
    """
    listed = {entry.path for entry in (*manifest.files, *manifest.documents, *manifest.index)}
    places = {entry.place for entry in manifest.files} | {layout.MANIFEST, layout.SIGNED_PASSPORT}
    places |= {entry.path for entry in (*manifest.documents, *manifest.index)}
    replaced = versions.replaced(folder)
    signed = set()
    for name, mode in _entries(folder):
        if not stat.S_ISREG(mode):
            kind = "a symbolic link: what it leads to may change" if stat.S_ISLNK(mode) else "neither file nor folder"
            add("files", name, f"is {kind}. Copy what it stands for in its place (cp -rL does)")
        signed |= set(signatures.signed_names([name]))
        if name in places or name in signed or name.removesuffix(layout.SIGNATURE) in signed:
            continue
        if _left_over(name, listed, replaced):
            note(f"{layout.shown(name)} is not part of this version: {CUT_SHORT}")
        elif layout.is_index_file(name):
            add("files", name, "is not listed in the manifest; drystone index removes it")
        else:
            add("files", name, "is not listed in the manifest")


def _entries(folder: Path, below: str = "") -> Iterator[tuple[str, int]]:
    """Yield name and mode of everything in a folder but folders, sorted; links are not followed."""
    for entry in sorted(os.scandir(folder / below), key=lambda entry: entry.name):
        if not below and entry.name.startswith(".") and entry.name != STAGING:
            continue
        name = f"{below}/{entry.name}" if below else entry.name
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            yield from _entries(folder, name)
        else:
            yield name, mode


def _left_over(name: str, listed: set[str], replaced: set[str]) -> bool:
    """Whether a name is one that a command which was cut short leaves in a release."""
    plain = intended(name)
    if plain.endswith(layout.NEXT):
        return plain.removesuffix(layout.NEXT) in listed | layout.MAY_WAIT
    if name.startswith(f"{STAGING}/"):
        return True
    path = layout.unrevised_path(plain)
    try:
        layout.kind_and_language(path)
    except ReleaseError:
        return plain != name and (plain in listed | layout.MAY_WAIT or bool(signatures.signed_names([plain])))
    return plain != name or name in replaced or path in listed


def check_tombstones(folder: Path, manifest: Manifest, add: Add) -> None:
    """Tell of each tombstone that is none, or is of a version that this one does not follow.

    One of this version itself is what a retraction that was cut short has left: what it says is told elsewhere.
    """
    lineage = {line.version: line for line in manifest.facts.lineage}
    followed = {(manifest.facts.version, manifest.root), *((line.version, line.root) for line in lineage.values())}
    for path in sorted((folder / "tombstones").glob("*")):
        name = path.relative_to(folder).as_posix()
        if name.endswith(layout.SIGNATURE) or intended(name) != name or not path.is_file():
            continue
        try:
            stone = read_tombstone(path)
        except ReleaseError:
            add("tombstones", name, "is no tombstone")
            continue
        if stone["root"] == manifest.root and (stone["version"], stone["release"]) == (
            manifest.facts.version, manifest.facts.name,
        ):  # fmt: skip
            continue
        for what in _contradictions(stone, path.name, manifest, followed):
            add("tombstones", name, what)


def _contradictions(stone: Tombstone, name: str, manifest: Manifest, followed: set[tuple[str, str]]) -> Iterator[str]:
    if name != f"{stone['version']}.json":
        yield f"is of version {stone['version']}"
    if stone.get("release") != manifest.facts.name:
        yield f"is of another release, {stone.get('release')}"
    if (stone["version"], stone["root"]) not in followed:
        yield f"is of version {stone['version']} {stone['root'][:12]}, which this one does not follow"
    by = stone["superseded_by"]
    if (by["version"], by["root"]) not in followed:
        yield f"names {by['version']} {by['root'][:12]} as its successor, which is neither this version nor one before"
    said = {line.root: line.retracted for line in manifest.facts.lineage}
    if said.get(stone["root"], False) != (stone["reason"] == RETRACTION):
        yield "and the manifest do not agree on whether the version was retracted"


def check_signatures(folder: Path, key: Ed25519PublicKey | None, add: Add) -> str | None:
    """Tell of signatures that do not hold, and with `key` of what it has not signed; return who signed the manifest."""
    names = signatures.signed_names(
        name for name, mode in _entries(folder) if stat.S_ISREG(mode) and "/" not in name.removeprefix("tombstones/")
    )
    signer = None
    for name in names:
        path = folder / (name + layout.SIGNATURE)
        try:
            signature = path.read_bytes() if path.is_file() else None
            if signature is not None:
                found = signatures.check_signature((folder / name).read_bytes(), signature, key)
                signer = found if name == layout.MANIFEST else signer
            elif key is not None:
                add("signatures", name, "is not signed")
        except ReleaseError as error:
            add("signatures", name + layout.SIGNATURE, str(error))
        except OSError as error:
            add("signatures", name + layout.SIGNATURE, f"cannot be read: {error.strerror}")
    return signer

"""A first settings file for sources at hand: what must be said, and what is most often changed, with its default.

Lines that begin with "#" and a letter or a bracket are settings that can be switched on; "# " begins a remark.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Final

from drystone.errors import UsageError
from drystone.sources import ArchiveSource, FolderSource, GitSource, PackageSource, is_git, parse_source

#: Names of files that are archives of source code.
_ARCHIVES: Final = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".zip", ".whl")
#: Sources that a file lists; a folder with more is for a person to cut down.
_MOST: Final = 500

_HEAD: Final = """\
# Settings of a build. Make the release with:    drystone build {file}
# See what each setting comes to with:           drystone build {file} --explain-settings
# Lines such as "#version" are defaults: take the "#" away and change them. docs/building.md explains every setting.

[release]
name = {name}
output = {output}
#version = "1.0.0"
# Of the collection, as an SPDX expression; each file keeps its own licence.
#license = "ODC-By-1.0"
# Who publishes it, for the card and the citation.
#authors = []

"""
_REST: Final = """\
#[languages]
# Names of GitHub's Linguist, such as ["Python", "JavaScript"]; an empty list takes every language.
#include = []
#exclude = []

#[licenses]
# "permissive" keeps what is permissively licensed; "stack-v2" also files for which no licence was found.
#profile = "permissive"
# SPDX identifiers that are taken, or never taken, whatever the profile says, such as ["MPL-2.0"].
#allow = []
#deny = []

#[quality]
# "off" keeps files however long, generated or unusual they are.
#profile = "stack-v2"

#[near_duplicates]
# Of two files that are at least so similar (0 to 1) one is kept.
#threshold = 0.7

#[secrets]
# E-mail addresses, tokens and the like are replaced in the text, by <EMAIL> and so on. Kinds that shall stay:
#keep = []

#[search]
# Makes the release searchable at once: drystone search RELEASE "words".
#index = false
"""


def first_file(sources: tuple[str, ...], file: Path) -> str:
    """Return the text of a settings file for `sources`, by default those that lie in the working folder.

    Raises `UsageError` where one cannot be understood, or none was given and none lies here.
    """
    here = file.absolute().parent
    given = sources or tuple(_at_hand())
    name = re.sub(r"[^A-Za-z0-9._-]", "-", here.name)[:96].strip("._-") or "release"
    head = _HEAD.format(file=file, name=_toml(name), output=_toml(f"releases/{name}"))
    return head + "".join(_table(source, here) for source in given) + _REST


def _at_hand() -> list[str]:
    """Return the git repositories and archives in the working folder, or the folder where it is one repository."""
    here = Path()
    if is_git(here):
        return ["."]
    below = sorted(each for each in here.iterdir() if not each.name.startswith("."))
    found = [str(each) for each in below if (each.is_dir() and is_git(each)) or _is_archive(each)]
    if not found and any(each.is_dir() for each in below):
        found = [str(each) for each in below if each.is_dir()]
    if not found:
        raise UsageError("no git repository, archive or folder lies here; name sources: drystone init SOURCE...")
    if len(found) > _MOST:
        raise UsageError(f"{len(found):,} sources lie here; name those to build from: drystone init SOURCE...")
    return found


def _is_archive(path: Path) -> bool:
    return path.is_file() and path.name.lower().endswith(_ARCHIVES)


def _table(text: str, here: Path) -> str:
    source = parse_source(text)
    lines = ["[[source]]", f"kind = {_toml(source.kind)}"]
    if isinstance(source, PackageSource):
        lines += [f"package = {_toml(source.package)}", f"version = {_toml(source.version)}"]
    elif isinstance(source, GitSource | FolderSource | ArchiveSource):
        url = source.url if isinstance(source, GitSource) else None
        path = _toml(os.path.relpath(source.path, here)) if source.path is not None else ""
        lines.append(f"url = {_toml(url)}" if url else f"path = {path}")
    else:
        raise UsageError(f"{text}: write its table by hand; docs/sources.md has an example")
    if isinstance(source, GitSource):
        head = ["# A branch, a tag or a commit; without one, HEAD.", '#ref = "main"']
        lines += [f"ref = {_toml(source.ref)}"] if source.ref else head
    return "\n".join(lines) + "\n\n"


def _toml(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)

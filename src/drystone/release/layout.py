"""Names inside a release folder, and how names from outside are shown to people.

Knows no content. Rule for languages: percent-encoding (RFC 3986) of every byte of the UTF-8 name other than letters,
digits, space and `+ # ' ( ) & , - _ ~ .`; a leading or trailing full stop or space is encoded too. So `C++` and
`Jupyter Notebook` stay as they are and `F*` becomes `F%2A`; `urllib.parse.unquote` gives the name back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from drystone.errors import ReleaseError

MANIFEST: Final = "manifest.json"
REPOSITORIES: Final = "repositories.parquet"
#: Tables that are one file each, by path: their kinds.
SINGLE: Final = {
    REPOSITORIES: "repositories",
    "repository_duplicates.parquet": "repository_duplicates",
    "history.parquet": "history",
}
SUMS: Final = "SHA256SUMS"
#: What NOTICE says, for programs.
NOTICES: Final = "notices.jsonl"
#: What the release does and what is known of it, for catalogs: a document that a release may have.
PASSPORT: Final = "passport.json"
#: A signed copy of it, which the publisher may lay beside it.
SIGNED_PASSPORT: Final = "passport.signed.json"
#: The folder of the index, where there is one.
INDEX: Final = "index"
#: Files for people and catalogs, beside `SHA256SUMS`: the version of the format that brought each of them.
DOCUMENTS: Final = {
    "CHANGELOG.md": 1,
    "CITATION.bib": 2,
    "CITATION.cff": 1,
    "NOTICE": 1,
    "README.md": 1,
    "citation.json": 2,
    "croissant.json": 1,
    "datacite.json": 2,
    NOTICES: 2,
}
#: All documents that this version or the next may have, and the manifest: each may wait under its name and `NEXT`.
MAY_WAIT: Final = frozenset({*DOCUMENTS, PASSPORT, SUMS, MANIFEST})

_DATA = re.compile(r"data/([^/\\\0]{1,255})/train-(\d{5,})-of-(\d{5,})\.parquet")
_LEDGER = re.compile(r"ledger/part-(\d{5,})-of-(\d{5,})\.parquet")
_DOCUMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9]+)?")
_INDEX = re.compile(r"index/[0-9a-f]{32}\.(segment|copies)(\..*\.partial)?", re.DOTALL)
_REVISED = re.compile(r"(.+)\.v\d+\.\d+\.\d+\.parquet", re.DOTALL)
#: What follows the name of a file in the name of its signature, as `ssh-keygen -Y sign` names it.
SIGNATURE: Final = ".sig"
#: What follows the name of a document that is about to take the place of the one under that name.
NEXT: Final = ".next"


def language_folder(language: str) -> str:
    """Return the folder, and Hugging Face configuration name, of a language. Raises `ReleaseError` if empty or long."""
    name = quote(language, safe=" +#'()&,")
    if name[:1] in {".", " "}:
        name = f"%{ord(name[0]):02X}{name[1:]}"
    if name[-1:] in {".", " "}:
        name = f"{name[:-1]}%{ord(name[-1]):02X}"
    if not name or len(name) > 255:
        raise ReleaseError(f"language name '{shown(language)}' cannot name a folder: it is empty or over 255 bytes")
    return name


def folder_language(folder: str) -> str:
    """Return the language whose `language_folder` is `folder`. Raises `ReleaseError` if there is none."""
    language = unquote(folder, errors="surrogateescape")
    try:
        if language_folder(language) == folder:
            return language
    except (UnicodeEncodeError, ReleaseError):
        pass
    raise ReleaseError(f"data/{shown(folder)} is not the folder of a language")


def data_path(language: str, index: int, count: int) -> str:
    """Return the path of shard `index` (from 0) of `count`, relative to the release."""
    _check(index, count)
    return f"data/{language_folder(language)}/train-{index:05}-of-{count:05}.parquet"


def ledger_path(index: int, count: int) -> str:
    """Return the path of ledger part `index` (from 0) of `count`, relative to the release."""
    _check(index, count)
    return f"ledger/part-{index:05}-of-{count:05}.parquet"


@lru_cache(maxsize=65_536)
def kind_and_language(path: str) -> tuple[str, str | None]:
    """Return (kind of file; language of a data file). Raises `ReleaseError` for any other path."""
    if path in SINGLE:
        return SINGLE[path], None
    if match := _DATA.fullmatch(path):
        language = folder_language(match[1])
        if path == data_path(language, int(match[2]), int(match[3])):
            return "data", language
    if (match := _LEDGER.fullmatch(path)) and path == ledger_path(int(match[1]), int(match[2])):
        return "ledger", None
    raise ReleaseError(f"'{shown(path)}' is not the path of a file of a release")


def revised_path(path: str, version: str | None) -> str:
    """Return where the rows called `path` lie since `version` wrote them anew beside the old; None: under `path`."""
    return path if version is None else f"{path.removesuffix('.parquet')}.v{version}.parquet"


def unrevised_path(place: str) -> str:
    """Return the path whose rows some version wrote to `place`."""
    match = _REVISED.fullmatch(place)
    return f"{match[1]}.parquet" if match else place


def data_place(path: str) -> tuple[int, int]:
    """Return (index, count) of the shard or ledger part called `path`. Raises `ReleaseError` for any other path."""
    match = _DATA.fullmatch(path) or _LEDGER.fullmatch(path)
    if match is None:
        raise ReleaseError(f"'{shown(path)}' is not the path of a shard or of a part of the ledger")
    index, count = match.groups()[-2:]
    return int(index), int(count)


def parquet_files(folder: Path) -> Iterator[str]:
    """Yield the paths, relative to the release, of all Parquet files that lie in it, sorted."""
    found = [*folder.glob("data/*/*.parquet"), *folder.glob("ledger/*.parquet"), *folder.glob("*.parquet")]
    yield from sorted(path.relative_to(folder).as_posix() for path in found)


def is_document(name: str) -> bool:
    """Return whether a file of this name, beside the manifest, may be a document: of this format, or of a newer one."""
    other = name == MANIFEST or name.endswith((NEXT, ".parquet", ".partial"))
    return not other and len(name) <= 100 and _DOCUMENT.fullmatch(name) is not None


def is_index_file(name: str) -> bool:
    """Return whether a file of this name, relative to the release, is one of an index, whole or half written."""
    return _INDEX.fullmatch(name) is not None


def index_files(folder: Path) -> Iterator[str]:
    """Yield the paths, relative to the release, of all files of an index that lie in it, sorted."""
    found = (path.relative_to(folder).as_posix() for path in (folder / INDEX).glob("*") if path.is_file())
    yield from sorted(name for name in found if is_index_file(name))


def shown(text: str) -> str:
    """Return `text` with control, format (bidirectional, zero-width) and undecodable characters escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else c for c in text)


def size_text(size: int) -> str:
    """Return a number of bytes for people, in decimal units."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            return f"{size} B" if unit == "B" else f"{value:,.1f} {unit}"
        value /= 1000
    raise AssertionError


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _check(index: int, count: int) -> None:
    if not 0 <= index < count:
        raise ReleaseError(f"file {index} of {count}: the index counts from 0 and stays below the count")

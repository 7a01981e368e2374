"""Builds small releases out of real files of installed packages, through the writer.

A stand-in for `build`, which stands on a higher floor: it decides by hand, in a few lines, what is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from drystone.policy.licensed import speaks_for
from drystone.release.documents.covers import Folders, covered
from drystone.release.documents.notice import Notice, NoticePlace, RestingFiles, found_notice, read_notices, resting_on
from drystone.release.manifest import FileEntry, FunnelStep, Manifest, ReleaseFacts
from drystone.release.read import open_release
from drystone.release.schema import DATA, LEDGER, REPOSITORIES
from drystone.release.writing.finish import finish
from drystone.release.writing.writer import write_data_shard, write_ledger_part, write_repositories

REPOSITORY = Path(__file__).parents[2]
LANGUAGES = {
    ".py": "Python",
    ".pyi": "Python",
    ".cc": "C++",
    ".md": "Markdown",
    ".toml": "TOML",
    ".txt": "Text",
    ".m": "F*",  # a language whose name no file system likes
}
SPECIAL = {
    "/empty.py": b"",
    "/emoji \U0001f600.py": "print('\U0001f600 \u4f60\u597d \u202e')\n".encode(),
    "/bom.py": b"\xef\xbb\xbfx = 1\r\n",
    '/quo"te\\back\tslash.md': b"# odd path\n",
    "/star.m": b"let x = 1\n",
    "/other.m": b"let y = 2\n",
}


@dataclass
class Row:
    """One occurrence and what was decided about it."""

    repository: str
    path: str
    data: bytes
    language: str | None
    dropped: str | None = None  # stage.reason
    license: str | None = "MIT"
    encoding: str = "UTF-8"
    redacted: str | None = None
    like: Row | None = None
    similarity: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def sha1(self) -> str:
        return hashlib.sha1(b"blob %d\0" % len(self.data) + self.data).hexdigest()

    @property
    def swhid(self) -> str:
        return "swh:1:cnt:" + self.sha1

    @property
    def text(self) -> str:
        return self.data.decode(self.encoding).removeprefix("\ufeff") if self.redacted is None else self.redacted


def origin_of(repository: str) -> str:
    """Return where a repository lies: on a host, unless its name says that it lies on none (`git:a/repo`)."""
    return repository if ":" in repository else f"https://example.org/{repository}"


def repository_id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


@cache
def files_of(name: str) -> list[tuple[str, bytes]]:
    files = []
    for file in distribution(name).files or ():
        path = Path(str(distribution(name).locate_file(file)))
        if path.is_file() and path.stat().st_size < 200_000 and "__pycache__" not in str(file):
            files.append((f"/{file.as_posix()}", path.read_bytes()))
    return files


@cache
def arrow_files() -> list[tuple[str, bytes]]:
    """C++ as pyarrow ships it, and one file of TOML."""
    home = Path(pa.__file__).parent / "src"
    files = [(f"/{path.relative_to(home).as_posix()}", path.read_bytes()) for path in sorted(home.rglob("*.cc"))]
    return [*files, ("/arrow.toml", b"[arrow]\nlanguage = 'C++'\n")]


def sample_rows() -> list[Row]:
    """A few hundred occurrences of real files, and the hard cases: duplicates, near duplicates, redaction, Latin-1."""
    sources: dict[str, list[tuple[str, bytes]]] = {
        "pypi/click": files_of("click"),
        "pypi/rich": files_of("rich"),
        "own/arrow": arrow_files(),
        "own/special": list(SPECIAL.items()),
    }
    sources["fork/click"] = sources["pypi/click"][:8]
    rows: list[Row] = []
    first: dict[str, Row] = {}
    for name, files in sources.items():
        for path, data in sorted(files):
            row = Row(name, path, data, LANGUAGES.get(Path(path).suffix), license="MIT" if "/" in name else None)
            if b"\0" in data:
                row.dropped, row.language = "encoding.binary", None
            elif row.language is None:
                row.dropped = "language.unknown_language"
            elif row.swhid in first:
                row.dropped, row.like = "exact_duplicates.exact_duplicate", first[row.swhid]
            first.setdefault(row.swhid, row)
            rows.append(row)
    kept = [r for r in rows if r.dropped is None and r.language == "Python" and len(r.data) > 5000]
    for original in kept[:3]:
        changed = original.data + b"\n# one line more\n"
        near = Row("fork/click", original.path + ".near.py", changed, "Python", "near_duplicates.near_duplicate")
        near.like, near.similarity = original, 0.97
        rows.append(near)
    latin = Row("own/special", "/latin.py", "# caf\u00e9\nx = 'na\u00efve'\n".encode("latin-1"), "Python")
    latin.encoding = "ISO-8859-1"
    secret = Row("own/special", "/secret.py", b"key = 'AKIAABCDEFGHIJKLMNOP'\n", "Python")
    secret.redacted = "key = '<KEY>'\n"
    secret.extra = {"redactions": [{"kind": "key", "rule": "aws", "start": 7, "end": 27, "confidence": 0.9}]}
    bare = Row("own/special", "/bare.py", b"x = 'no licence'\n", "Python", license=None)
    gpl = Row(
        "own/special", "/gpl.py", b"# SPDX-License-Identifier: GPL-3.0\n", "Python", "license.non_permissive_license"
    )
    gpl.license = "GPL-3.0-only"
    return [*rows, latin, secret, bare, gpl]


def license_type(row: Row) -> str:
    if row.license is None:
        return "no_license"
    return "permissive" if row.license in {"MIT", "Apache-2.0"} else "non_permissive"


def data_row(row: Row) -> dict[str, Any]:
    text = row.text
    said = f"swh:1:cnt:{hashlib.sha1(license_of(row.repository).encode()).hexdigest()}"
    evidence = {"expression": row.license, "swhid": said, "path": "/LICENSE", "start_line": 1, "end_line": 9}
    lines = text.split("\n")
    start = text[:1000]  # fractions of the first characters: what a test needs, in little time
    return dict.fromkeys(DATA.names) | {
        "blob_id": hashlib.sha1(row.data).hexdigest(),
        "directory_id": row.sha1,
        "path": row.path,
        "content_id": row.sha1,
        "detected_licenses": [row.license] if row.license else [],
        "license_type": license_type(row),
        "repo_name": row.repository,
        "visit_date": datetime(2024, 2, 29, 12, 30, 1, 123456),
        "star_events_count": 7,
        "src_encoding": row.encoding,
        "language": row.language,
        "is_vendor": False,
        "is_generated": False,
        "length_bytes": len(row.data.decode(row.encoding).removeprefix("\ufeff").encode()),
        "extension": row.path.rpartition(".")[2],
        "content": text,
        "swhid": row.swhid,
        "released_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "origin": origin_of(row.repository),
        "repository_id": repository_id(row.repository),
        "license_expression": row.license,
        "license_evidence": [evidence | {"rule": "text", "confidence": 0.98}] if row.license else [],
        "license_basis": "text" if row.license else None,
        "license_confidence": 0.98 if row.license else None,
        "redactions": [],
        "is_documentation": False,
        "is_test": "test" in row.path,
        "is_configuration": False,
        "num_lines": len(lines),
        "avg_line_length": sum(map(len, lines)) / len(lines),
        "max_line_length": max(map(len, lines)),
        "alphanum_fraction": sum(c.isalnum() for c in start) / max(len(start), 1),
        "alpha_fraction": sum(c.isalpha() for c in start) / max(len(start), 1),
        **row.extra,
    }


def ledger_row(row: Row, shard: str | None) -> dict[str, Any]:
    stage, _, reason = (row.dropped or "release.").partition(".")
    like = row.like
    return dict.fromkeys(LEDGER.names) | {
        "repository_id": repository_id(row.repository),
        "origin": origin_of(row.repository),
        "path": row.path,
        "entry": 0,
        "kind": "file",
        "mode": 0o100644,
        "swhid": row.swhid,
        "size": len(row.data),
        "decision": "dropped" if row.dropped else "kept",
        "stage": stage,
        "reason": reason or None,
        "evidence": orjson.dumps({"bytes": len(row.data)}).decode() if row.dropped else None,
        "language": row.language,
        "license_type": license_type(row),
        "license_expression": row.license,
        "kept_repository_id": like and repository_id(like.repository),
        "kept_path": like and like.path,
        "kept_swhid": like and like.swhid,
        "similarity": row.similarity,
        "shard": shard,
    }


def repository_row(name: str, rows: Iterable[Row]) -> dict[str, Any]:
    mine = [row for row in rows if row.repository == name]
    return dict.fromkeys(REPOSITORIES.names) | {
        "repository_id": repository_id(name),
        "origin": origin_of(name),
        "kind": "pypi" if name.startswith("pypi") else "folder",
        "repo_name": name,
        "directory_id": hashlib.sha1(name.encode()).hexdigest(),
        "license_expression": "MIT",
        "license_type": "permissive",
        "occurrences": len(mine),
        "kept": sum(row.dropped is None for row in mine),
        "metadata": "{}",
        "status": "read",
    }


FACTS = ReleaseFacts(
    name="Sample stones",
    version="1.0.0",
    configuration={"profile": "sample", "near_duplicates": {"threshold": 0.7}},
    registry_head="none",
    program_version="0.1.0",
    near_duplicate_threshold=0.7,
    opted_out_repositories=2,
    description="A sample made of real files.",
    authors=("The makers of the sample",),
    date="2026-01-02",
)


def table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=schema)


def write_sample(
    folder: Path, rows: list[Row] | None = None, facts: ReleaseFacts = FACTS, *, shards: int = 2, parts: int = 2
) -> Manifest:
    """Write a release of `rows`: `shards` shards for Python and one for any other language, `parts` ledger parts."""
    rows = sample_rows() if rows is None else rows
    files: list[FileEntry] = []
    shard_of: dict[int, str] = {}
    kept = sorted((row for row in rows if row.dropped is None), key=lambda r: r.swhid)
    for language in sorted({row.language or "" for row in kept}):
        count = shards if language == "Python" else 1
        mine = [row for row in kept if row.language == language]
        for index in range(count):
            part = mine[index::count]
            entry = write_data_shard(folder, language, index, count, [table([data_row(r) for r in part], DATA)])
            files.append(entry)
            shard_of |= {id(row): entry.path for row in part}
    order = sorted(rows, key=lambda r: (repository_id(r.repository), r.path))
    ledger = [ledger_row(row, shard_of.get(id(row))) for row in order]
    step = -(-len(ledger) // parts) or 1
    for index in range(parts):
        batch = table(ledger[index * step : (index + 1) * step], LEDGER)
        files.append(write_ledger_part(folder, index, parts, [batch]))
    names = sorted({row.repository for row in rows}, key=repository_id)
    files.append(write_repositories(folder, [table([repository_row(n, rows) for n in names], REPOSITORIES)]))
    distinct = {row.swhid: len(row.data) for row in rows}
    funnel = (
        FunnelStep(stage="inventory", files=len(rows), bytes=sum(len(r.data) for r in rows)),
        FunnelStep(stage="exact_duplicates", files=len(distinct), bytes=sum(distinct.values())),
        FunnelStep(stage="release", files=len(kept), bytes=sum(len(r.data) for r in kept)),
    )
    return finish(folder, facts.model_copy(update={"funnel": funnel}), files, notices(rows))


def license_of(repository: str) -> str:
    holder = {"pypi/rich": "Will McGugan"}.get(repository, "Pallets")
    granted = "Permission is hereby granted, free of charge, to any person ..."
    return f"MIT License\n\nCopyright (c) 2020 {holder}\n\n{granted}\n"


def notices(rows: list[Row]) -> Iterator[Notice]:
    for name in ("pypi/rich", "pypi/click", "fork/click"):
        kept = [row for row in rows if row.repository == name and row.dropped is None]
        if paths := [row.path for row in kept if row.license]:
            swhid = f"swh:1:cnt:{hashlib.sha1(license_of(name).encode()).hexdigest()}"
            place = NoticePlace(origin_of(name), name, "/LICENSE", swhid)
            resting = RestingFiles.of(paths, Folders(row.path for row in kept))
            yield found_notice(license_of(name), "MIT", resting_on(place, resting))


def covered_and_named(folder: Path) -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]:
    """Return (origin, SWHID of a text, path of a kept file): those that notices.jsonl covers, those that data names.

    Of the latter only texts that the release has of the origin.
    """
    release = open_release(folder)
    notices = read_notices(folder, release.manifest.format_version)
    assert notices is not None
    rows = list(release.files(columns=["origin", "path", "license_evidence", "license_expression"]))
    paths: dict[str, list[str]] = {}
    for row in rows:
        paths.setdefault(row["origin"], []).append(row["path"])
    places = {(p.origin, p.swhid): p.covers for one in notices for p in one.places if p.swhid and p.covers}
    told = {(o, s, path) for (o, s), covers in places.items() for path in covered(paths.get(o, []), covers)}
    named = {
        (row["origin"], piece["swhid"], row["path"])
        for row in rows
        for piece in row["license_evidence"]
        if (row["origin"], piece["swhid"]) in places and speaks_for(piece["expression"], row["license_expression"])
    }
    return told, named

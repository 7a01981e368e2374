"""What a release knows of itself, gathered once for all papers. Knows no paper's form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import pyarrow.compute as pc

from drystone.release.inspection.stats import NO_LICENSE, UNKNOWN, Stats, stats
from drystone.release.manifest import Manifest, ReleaseFacts
from drystone.release.read import Release

_COLUMNS: Final = ("repository_id", "origin", "repo_name", "kind", "revision_id", "directory_id", "visit_date",
                   "license_expression", "kept")  # fmt: skip
_PYPI: Final = "pypi:"
_NO_NAMES: Final = frozenset({NO_LICENSE, UNKNOWN})


@dataclass(frozen=True, slots=True)
class SourceRepository:
    """One repository that the release was made from. `kept`: its files in the release; `visited`: a day, or None."""

    id: str
    place: str
    name: str
    kind: str
    swhid: str | None
    visited: str | None
    license: str | None
    kept: int

    @property
    def purl(self) -> str | None:
        """Its package URL, where it is a package of an index."""
        name, _, version = self.place.removeprefix(_PYPI).partition("==")
        return f"pkg:pypi/{name}@{version}" if self.place.startswith(_PYPI) and version else None

    @property
    def url(self) -> str | None:
        """Where it is on the web."""
        return self.place if self.place.startswith(("https://", "http://")) else None


@dataclass(frozen=True, slots=True)
class Described:
    """A release with its counts, its origins by id, and how many spans of each kind were replaced."""

    manifest: Manifest
    counted: Stats
    origins: tuple[SourceRepository, ...]
    redactions: Mapping[str, int]

    @property
    def facts(self) -> ReleaseFacts:
        """What the manifest says besides files and counts."""
        return self.manifest.facts

    @property
    def bytes(self) -> int:
        """Bytes of all Parquet files."""
        return sum(entry.bytes for entry in self.manifest.files)

    @property
    def licenses(self) -> list[str]:
        """The licence expressions of kept files, each once, by name."""
        return sorted(share.name for share in self.counted.licenses if share.kept and share.name not in _NO_NAMES)

    @property
    def unlicensed(self) -> int:
        """Kept files under no licence that is known."""
        return self.manifest.counts.kept - sum(
            share.kept for share in self.counted.license_types if share.name in {"permissive", "non_permissive"}
        )

    @property
    def publisher(self) -> str | None:
        """Who offers it: the account in a hub's address, else the host of its address."""
        parts = urlsplit(self.facts.url or "")
        path = [part for part in parts.path.split("/") if part]
        if parts.hostname == "huggingface.co" and len(path) == 3 and path[0] == "datasets":
            return path[1]
        return parts.hostname

    @property
    def last_visit(self) -> str | None:
        """The day on which the last of its repositories was read, where they all say one."""
        days = [origin.visited for origin in self.origins]
        return max(map(str, days)) if days and None not in days else None


def described(release: Release) -> Described:
    """Gather what papers say of a release. Raises `ReleaseError` where it is damaged."""
    return Described(release.manifest, stats(release), tuple(_origins(release)), _redactions(release))


def _origins(release: Release) -> Iterator[SourceRepository]:
    for table in release.repositories(columns=list(_COLUMNS)):
        for row in table.to_pylist():
            revision, directory = row["revision_id"], row["directory_id"]
            swhid = f"swh:1:rev:{revision}" if revision else f"swh:1:dir:{directory}" if directory else None
            visited = row["visit_date"]
            yield SourceRepository(
                row["repository_id"], row["origin"], row["repo_name"], row["kind"], swhid,
                None if visited is None else visited.date().isoformat(), row["license_expression"], row["kept"],
            )  # fmt: skip


def _redactions(release: Release) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for table in release.data(columns=["redactions"]):
        kinds = pc.struct_field(pc.list_flatten(table["redactions"]), "kind")
        counts.update({one["values"]: one["counts"] for one in pc.value_counts(kinds).to_pylist()})
    return dict(sorted(counts.items()))

"""Writes a mixture as a release: the kept files that were chosen, the whole ledger with what was not, and its lineage.

Every occurrence of the release that it is made of stays in the ledger. Knows a release and a recipe; no sources.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone._words import many
from drystone.building.mixing.choosing import EXCLUDED, TAKEN, Fates, GroupShare, choose
from drystone.building.mixing.recipe import Mixture
from drystone.catalog.importing.releases import passport_document
from drystone.errors import ReleaseError, UsageError
from drystone.policy.judge import Unchosen, judge
from drystone.release import layout
from drystone.release.columns import LedgerRow
from drystone.release.documents.notice import read_notices
from drystone.release.documents.notice_changes import KeptPaths, after_retraction
from drystone.release.manifest import FileEntry, FunnelStep, Manifest, ReleaseFacts
from drystone.release.read import Release
from drystone.release.schema import LEDGER, REPOSITORIES
from drystone.release.versions.numbers import MIXTURE, follow
from drystone.release.writing.finish import finish
from drystone.release.writing.writer import write_data_shard, write_ledger_part, write_repositories

_SHARD_BYTES: Final = 64 << 20
_NOTHING: Final = {
    "kept_repository_id": None, "kept_path": None, "kept_swhid": None, "similarity": None, "shard": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mixed:
    """A mixture that was made: its manifest, what it was made of, and its groups."""

    manifest: Manifest
    of: str
    groups: tuple[GroupShare, ...]


def mix(release: Release, mixture: Mixture, *, step: Callable[[str], object] = lambda name: None) -> Mixed:
    """Write the mixture of `release` into its output, and return it. `step` is told what is done.

    The folder is complete once its manifest is there. Raises `UsageError` where it is not free, where the mixture
    bears the name of the release, or as `choose` does; `ReleaseError` for a damaged release and a full disk.
    """
    facts, output = release.manifest.facts, mixture.release.output
    if mixture.release.name == facts.name:
        raise UsageError(f"[release] name: {facts.name} is the release itself; give the mixture a name of its own")
    if unknown := release.manifest.unknown():
        raise ReleaseError(f"{layout.shown(str(release.path))}: a newer program wrote {unknown[0]}; install it")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"{layout.shown(str(output))}: is not empty; choose another folder")
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".mixture-") as scratch:
        step("choose")
        fates, groups = choose(release, mixture, Path(scratch))
        making = Path(scratch) / "release"
        making.mkdir()
        step("write")
        manifest = _Writing(release, mixture, fates, making).release(groups)
        if output.is_dir():
            output.rmdir()
        shutil.move(making, output)
    return Mixed(manifest, release.root, tuple(groups))


class _Writing:
    """The parts of a mixture in the making."""

    def __init__(self, release: Release, mixture: Mixture, fates: Fates, folder: Path) -> None:
        self._release, self._mixture, self._fates, self._folder = release, mixture, fates, folder
        self._counts = self._shard_counts()
        self._kept: Counter[str] = Counter()
        self._kept_bytes = 0
        self._lost: set[str] = set()
        self._left: dict[str, list[str]] = defaultdict(list)

    def release(self, groups: list[GroupShare]) -> Manifest:
        files = [*self._shards(), *self._ledger()]
        tables = (self._repositories(table) for table in self._release.repositories(list(REPOSITORIES.names)))
        files.append(write_repositories(self._folder, tables))
        notices = read_notices(self._release.path, self._release.manifest.format_version)
        if notices is None:
            raise ReleaseError("an older program wrote NOTICE of the release; build or update it with this one first")
        left = self._left
        gone = {origin for origin in self._lost if origin not in left}
        kept = {origin: KeptPaths(None, left[origin]) for origin in sorted(self._lost - gone)}
        told = after_retraction(notices, gone, kept)
        return finish(self._folder, self._facts(groups), files, told, more=passport_document)

    def _shard_counts(self) -> dict[str, int]:
        """Return into how many shards each language is cut: fewer than before, where less is left."""
        found = {}
        for language, entries in self._release.manifest.languages.items():
            size = 0
            rows = 0
            for table in self._release.data(language, ["swhid", "length_bytes"]):
                mine = table.filter(pa.array(self._fates.of(table.column("swhid").to_pylist()) == TAKEN))
                size += pc.sum(mine.column("length_bytes")).as_py() or 0
                rows += mine.num_rows
            if rows:
                found[language] = min(len(entries), 1 << max(0, math.ceil(math.log2(max(1.0, size / _SHARD_BYTES)))))
        return found

    def _place(self, shard: str) -> str:
        """Return the shard that takes the rows of one of the release's."""
        language = layout.kind_and_language(shard)[1]
        index, count = layout.data_place(shard)
        assert language is not None
        return layout.data_path(language, index * self._counts[language] // count, self._counts[language])

    def _shards(self) -> Iterator[FileEntry]:
        for language, count in sorted(self._counts.items()):
            entries = self._release.manifest.languages[language]
            for index in range(count):
                mine = [e for e in entries if layout.data_place(e.path)[0] * count // len(entries) == index]
                yield write_data_shard(self._folder, language, index, count, self._taken(mine))

    def _taken(self, shards: list[FileEntry]) -> Iterator[pa.Table]:
        """Yield what is taken of some shards, in the order of one; of several it is held in memory, a shard's worth."""
        tables = (table for entry in shards for table in self._release.rows(entry))
        mine = (table.filter(pa.array(self._fates.of(table["swhid"].to_pylist()) == TAKEN)) for table in tables)
        some = (table for table in mine if table.num_rows)
        if len(shards) == 1:
            yield from some
        elif held := [*some]:
            yield pa.concat_tables(held).sort_by("swhid")

    def _ledger(self) -> Iterator[FileEntry]:
        for entry in self._release.manifest.of_kind("ledger"):
            index, count = layout.data_place(entry.path)
            tables = (self._decided(table) for table in self._release.rows(entry))
            yield write_ledger_part(self._folder, index, count, tables)

    def _decided(self, table: pa.Table) -> pa.Table:
        rows = table.to_pylist()
        own = self._fates.of([row["swhid"] if row["decision"] == "kept" else None for row in rows])
        like = self._fates.of([row["kept_swhid"] if row["similarity"] is not None else None for row in rows])
        return pa.Table.from_pylist(
            [self._row(row, int(mine), int(other)) for row, mine, other in zip(rows, own, like, strict=True)], LEDGER
        )

    def _row(self, row: LedgerRow, own: int, like: int) -> LedgerRow:
        if row["decision"] == "kept":
            if own == TAKEN:
                assert row["shard"] is not None
                self._kept[row["repository_id"]] += 1
                self._kept_bytes += row["size"] or 0
                self._left[row["origin"]].append(row["path"])
                return {**row, "shard": self._place(row["shard"])}
            self._lost.add(row["origin"])
            return self._dropped(row, Unchosen(excluded=own == EXCLUDED))
        if like >= 0 and like != TAKEN:
            return self._dropped(row, Unchosen(was=row["reason"], similarity=row["similarity"]))
        return row

    def _dropped(self, row: LedgerRow, why: Unchosen) -> LedgerRow:
        drop = judge(why)
        told = orjson.dumps(dict(drop.evidence)).decode() if drop.evidence else None
        decided = {"decision": drop.decision, "stage": drop.stage.word, "reason": drop.reason.word, "evidence": told}
        return {**row, **_NOTHING, **decided}  # type: ignore[typeddict-item]

    def _repositories(self, table: pa.Table) -> pa.Table:
        kept = pa.array([self._kept[id_] for id_ in table.column("repository_id").to_pylist()], pa.int64())
        at = REPOSITORIES.get_field_index("kept")
        return table.set_column(at, REPOSITORIES.field(at), kept)

    def _facts(self, groups: list[GroupShare]) -> ReleaseFacts:
        old, told = self._release.manifest.facts, self._mixture.release
        step = FunnelStep(stage=MIXTURE, files=sum(self._kept.values()), bytes=self._kept_bytes)
        return follow(self._release.manifest, self._changes(groups)).model_copy(
            update={
                "name": told.name,
                "version": told.version,
                "date": told.date,
                "description": told.description or f"A mixture of {old.name} {old.version}.",
                "configuration": {
                    "mixture": self._mixture.configuration(),
                    "of": {"name": old.name, "version": old.version, "root": self._release.root},
                    "configuration": old.configuration,
                },
                "funnel": (*old.funnel, step) if old.funnel else (),
                "url": None,
            }
        )

    def _changes(self, groups: list[GroupShare]) -> tuple[str, ...]:
        old = self._release.manifest.facts
        unit = next((u for u in ("tokens", "files") if getattr(self._mixture.budget, u) is not None), "bytes")
        lines = [
            f"A mixture of {layout.shown(old.name)} {old.version} (root `{self._release.root}`), by "
            f"{self._mixture.mixture.by}: {many(sum(self._kept.values()), 'file')}.",
            "",
            f"| {self._mixture.mixture.by} | files | of | {unit} | of | asked for |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        for share in groups:
            name = layout.shown(share.group).replace("|", "\\|").replace("\n", " ")
            numbers = (share.taken_files, share.files, share.taken, share.size, share.target)
            lines.append(f"| {name} | {' | '.join(f'{number:,}' for number in numbers)} |")
        return tuple(lines)

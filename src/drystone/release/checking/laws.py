"""The laws of a release as checks over tables: order, content, decisions, conservation, duplicates, repositories.

Each check tells what it finds to `add(check, file, what)` and goes on. Knows nothing of checksums.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha1, sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone._words import many
from drystone.release.layout import MANIFEST
from drystone.release.manifest import FunnelStep
from drystone.release.schema import DATA, LEDGER, LEDGER_KEY, SHARED
from drystone.release.tables import keys_of
from drystone.release.versions.numbers import MIXTURE, RETRACTION
from drystone.work.buckets import Buckets

#: Told (check, file, what is wrong).
Add = Callable[[str, str, str], None]

_SWHID: Final = r"^swh:1:cnt:[0-9a-f]{40}$"
_UTF8: Final = ["UTF-8", "utf-8", "UTF8", "utf8", "ASCII", "ascii", "US-ASCII"]
#: Languages whose content is made from the original: of a notebook, the script of its cells.
_DERIVED: Final = ["Jupyter Notebook"]
_BUCKET_ROWS: Final = 500_000


def check_data(table: pa.Table, path: str, language: str, last: str | None, add: Add) -> tuple[str | None, int]:
    """Check rows of a shard; `last` is the SWHID before them. Return their last SWHID and bytes of text."""
    swhids = table.column("swhid")
    bad = pc.invert(pc.fill_null(pc.match_substring_regex(swhids, _SWHID), False))
    for swhid in swhids.filter(bad).to_pylist():
        add("content", path, f"{swhid!r} is not the SWHID of content")
    for before, swhid in _descents([last, *swhids.to_pylist()]):
        add("order", path, f"{swhid} follows {before}")
    for other in table.filter(pc.fill_null(pc.not_equal(table.column("language"), language), True)).to_pylist():
        add("content", path, f"{other['swhid']}: language is {other['language']!r}")
    size = _check_content(table, path, add)
    return (swhids[-1].as_py() if len(swhids) else last), size


def _descents(keys: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield neighbours that do not ascend strictly."""
    for before, key in pairwise(keys):
        if before is not None and key is not None and not before < key:
            yield before, key


def _check_content(table: pa.Table, path: str, add: Add) -> int:
    plain = pc.equal(pc.fill_null(pc.list_value_length(table.column("redactions")), 0), 0)
    derived = pc.fill_null(pc.is_in(table.column("language"), value_set=pa.array(_DERIVED)), False)
    utf8 = pc.and_(pc.is_in(table.column("src_encoding"), value_set=pa.array(_UTF8)), pc.invert(derived))
    names = ("swhid", "released_sha256", "blob_id", "content_id", "length_bytes")
    rows = zip(
        _texts(table.column("content")),
        plain.to_pylist(),
        utf8.to_pylist(),
        *(table.column(name).to_pylist() for name in names),
        strict=True,
    )
    total = 0
    for text, whole, is_utf8, swhid, released, blob_id, content_id, length in rows:
        if text is None:
            add("content", path, f"{swhid}: has no content")
            continue
        total += len(text)
        if sha256(text).hexdigest() != released:
            add("content", path, f"{swhid}: content does not have its released_sha256 {released}")
        if content_id != (swhid or "")[10:]:
            add("content", path, f"{swhid}: content_id is {content_id}")
        if whole and length != len(text):
            add("content", path, f"{swhid}: length_bytes is {length}, content has {len(text)}")
        if (
            whole
            and is_utf8
            and not any(
                _git_hash(mark, text) == (swhid or "")[10:] and _sha1(mark, text) == blob_id for mark in (b"", BOM_UTF8)
            )
        ):
            add("content", path, f"{swhid}: content is not what this SWHID and blob_id {blob_id} name")
    return total


def _git_hash(mark: bytes, text: memoryview) -> str:
    digest = sha1(b"blob %d\0" % (len(mark) + len(text)) + mark, usedforsecurity=False)
    digest.update(text)
    return digest.hexdigest()


def _sha1(mark: bytes, text: memoryview) -> str:
    digest = sha1(mark, usedforsecurity=False)
    digest.update(text)
    return digest.hexdigest()


def _texts(column: pa.ChunkedArray) -> Iterator[memoryview | None]:
    """Yield the UTF-8 bytes of each value without copying them."""
    for chunk in column.chunks:
        array = chunk.cast(pa.large_string())
        offsets = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1].tolist()
        view = memoryview(array.buffers()[2] or b"")
        valid = array.is_valid().to_pylist()
        for here, start, end in zip(valid, offsets, offsets[1:], strict=False):
            yield view[start:end] if here else None


def check_ledger(table: pa.Table, path: str, last: Any, add: Add, reasons: Mapping[str, str] | None = None) -> Any:
    """Check order and decisions of ledger rows; `last` is the sort key before them. Return their last sort key.

    `reasons`: those for which a file may be dropped, each with its stage; None: any.
    """
    keys = keys_of(table, LEDGER_KEY)
    whole = [key for key in keys if None not in key]
    if len(whole) < len(keys):
        add("order", path, f"{len(keys) - len(whole)} rows lack repository_id, path or entry")
    for before, key in _descents([last, *whole]):
        add("order", path, f"{key[1]!r} ({key[2]}) of {key[0]} follows {before[1]!r} ({before[2]}) of {before[0]}")
    column = table.column
    kept = pc.fill_null(pc.equal(column("decision"), "kept"), False)
    dropped = pc.fill_null(pc.equal(column("decision"), "dropped"), False)
    null = {name: pc.is_null(column(name)) for name in ("shard", "reason", "stage", "swhid")}
    released = pc.fill_null(pc.equal(column("stage"), "release"), False)
    is_file = pc.fill_null(pc.equal(column("kind"), "file"), False)
    for mask, what in (
        (pc.invert(pc.or_(kept, dropped)), "decision is neither kept nor dropped"),
        (pc.and_(kept, null["shard"]), "kept, but names no shard"),
        (pc.and_(kept, null["swhid"]), "kept, but has no swhid"),
        (pc.and_(kept, pc.invert(null["reason"])), "kept, but has a reason to drop it"),
        (pc.and_(kept, pc.invert(released)), "kept, but its stage is not release"),
        (pc.and_(kept, pc.invert(is_file)), "kept, but is not a file"),
        (pc.and_(dropped, pc.invert(null["shard"])), "dropped, but names a shard"),
        (pc.and_(dropped, null["reason"]), "dropped without a reason"),
        (pc.and_(dropped, null["stage"]), "dropped without a stage"),
    ):
        for row in table.filter(mask).select(["repository_id", "path"]).to_pylist():
            add("decisions", path, f"{row['path']} of {row['repository_id']}: {what}")
    _check_words(table.filter(dropped), path, add, reasons)
    for text in pc.unique(column("evidence")).to_pylist():
        if text is not None and not _is_object(text):
            add("decisions", path, f"evidence is no JSON object: {text[:100]}")
    return whole[-1] if whole else last


def _check_words(dropped: pa.Table, path: str, add: Add, reasons: Mapping[str, str] | None) -> None:
    """Tell of reasons that are none of the format's, and of those at a stage that is not theirs."""
    if reasons is None:
        return
    for row in dropped.group_by(["stage", "reason"]).aggregate([("path", "count")]).to_pylist():
        stage, reason, count = row["stage"], row["reason"], row["path_count"]
        if reason is not None and reason not in reasons:
            add("decisions", path, f"{many(count, 'row')} dropped for {reason!r}, which is no reason of the format")
        elif reason is not None and stage is not None and reasons[reason] != stage:
            add(
                "decisions",
                path,
                f"{many(count, 'row')} dropped for {reason!r} at stage {stage!r}, not {reasons[reason]!r}",
            )


def _is_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


#: Steps of a funnel that are no stage of the ledger, or count otherwise than in occurrences.
_NO_STAGES: Final = ("occurrences", "inventory", "distinct", "exact_duplicates", "release", RETRACTION)


class FunnelTally:
    """Counts what the funnel of the manifest begins and ends with, over the ledger."""

    def __init__(self) -> None:
        self._listed = [0, 0]
        self._kept = [0, 0]
        self._stages: Counter[str] = Counter()

    def add(self, ledger: pa.Table) -> None:
        """Count ledger rows."""
        sizes = pc.fill_null(pc.if_else(pc.equal(ledger["kind"], "file"), ledger["size"], 0), 0)
        kept = pc.fill_null(pc.equal(ledger["decision"], "kept"), False)
        self._listed[0] += ledger.num_rows
        self._listed[1] += pc.sum(sizes).as_py() or 0
        self._kept[0] += pc.sum(kept).as_py() or 0
        self._kept[1] += pc.sum(sizes.filter(kept)).as_py() or 0
        for row in pc.value_counts(ledger["stage"]).to_pylist():
            self._stages[row["values"] or ""] += row["counts"]

    def check(self, funnel: Sequence[FunnelStep], add: Add) -> None:
        """Compare; call once, after all ledger rows. A retraction leaves the steps before it as they were."""
        if not funnel:
            if self._listed[0]:
                add("funnel", MANIFEST, "is empty, and the ledger has rows")
            return
        retracted = funnel[-1].stage == RETRACTION
        # Either drops near duplicates anew, of what it takes out.
        afterwards = funnel[-1].stage in (RETRACTION, MIXTURE)
        ends = [(funnel[-1], self._kept)] if retracted else [(funnel[0], self._listed), (funnel[-1], self._kept)]
        for step, (files, size) in ends:
            if step.files != files or (step.bytes != size and not retracted):
                said = f"{step.stage} says {many(step.files, 'file')} of {step.bytes:,} bytes"
                add("funnel", MANIFEST, f"{said}, the ledger has {files:,} of {size:,}")
        for before, step in pairwise(funnel):
            if step.files > before.files or step.bytes > before.bytes:
                add("funnel", MANIFEST, f"{step.stage} has more than {before.stage} before it")
            lost, rows = before.files - step.files, self._stages[step.stage]
            if not afterwards and step.stage not in _NO_STAGES and lost > rows:
                add("funnel", MANIFEST, f"{step.stage} drops {many(lost, 'file')}, in the ledger {rows:,}")


class RepositoryCounts:
    """Merges the ledger with the repositories, both sorted by id, and compares the counts; holds one of each."""

    def __init__(self, repositories: Iterable[pa.Table], path: str, add: Add) -> None:
        self._path, self._add = path, add
        self._listed = self._rows(repositories)
        self._next = next(self._listed, None)
        self._id: str | None = None
        self._occurrences = self._kept = 0
        self.kept = 0

    def _rows(self, tables: Iterable[pa.Table]) -> Iterator[tuple[str, int, int]]:
        last = None
        for table in tables:
            columns = [table.column(n).to_pylist() for n in ("repository_id", "occurrences", "kept")]
            for row in zip(*columns, strict=True):
                if row[0] is None or (last is not None and row[0] <= last):
                    self._add("order", self._path, f"{row[0]} follows {last}")
                    continue
                last = row[0]
                yield row

    def add(self, ledger: pa.Table) -> None:
        """Count ledger rows."""
        kept = pc.cast(pc.fill_null(pc.equal(ledger.column("decision"), "kept"), False), pa.int64())
        runs = pc.run_end_encode(ledger.column("repository_id").combine_chunks())
        totals = np.concatenate([[0], np.cumsum(kept.to_numpy())])
        start = 0
        for name, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
            if name is not None:
                self._count(name, end - start, int(totals[end] - totals[start]))
            start = end

    def _count(self, name: str, occurrences: int, kept: int) -> None:
        if name != self._id:
            self._settle()
            self._id, self._occurrences, self._kept = name, 0, 0
        self._occurrences += occurrences
        self._kept += kept
        self.kept += kept

    def finish(self) -> None:
        """Compare what is left; call once, after all ledger rows."""
        self._settle()
        self._skip(None)

    def _settle(self) -> None:
        if self._id is None:
            return
        self._skip(self._id)
        if self._next is None or self._next[0] != self._id:
            self._add("repositories", "ledger", f"{self._id} is not listed in {self._path}")
            return
        self._compare(self._occurrences, self._kept)

    def _skip(self, until: str | None) -> None:
        """Settle listed repositories without ledger rows."""
        while self._next is not None and (until is None or self._next[0] < until):
            self._compare(0, 0)

    def _compare(self, occurrences: int, kept: int) -> None:
        assert self._next is not None
        name, said, said_kept = self._next
        if (said, said_kept) != (occurrences, kept):
            what = f"{name} says {said} occurrences and {said_kept} kept, the ledger has {occurrences} and {kept}"
            self._add("repositories", self._path, what)
        self._next = next(self._listed, None)


_SHARD: Final = LEDGER.field("shard")
_FILES: Final = pa.schema([*(DATA.field(name) for name in SHARED), _SHARD])
_ROWS: Final = pa.schema([*(LEDGER.field(name) for name in SHARED), _SHARD, LEDGER.field("decision")])
_REFERENCES: Final = pa.schema(
    [LEDGER.field(name) for name in ("swhid", "repository_id", "path", "kept_repository_id", "kept_path", "kept_swhid")]
)
_REFERENCES_WITH: Final = _REFERENCES.append(LEDGER.field("similarity"))


class Conservation:
    """Compares data and ledger row by row: each kept row in exactly the shard it names, proofs of duplicates."""

    def __init__(self, scratch: Path, rows: int) -> None:
        count = -(-rows // _BUCKET_ROWS)
        self._files = Buckets(_FILES, count, scratch, "files")
        self._rows = Buckets(_ROWS, count, scratch, "rows")
        self._references = Buckets(_REFERENCES_WITH, count, scratch, "references")

    def add_data(self, table: pa.Table, path: str) -> None:
        """Take rows of a shard."""
        shard = pa.repeat(pa.scalar(path), table.num_rows)
        self._files.add(table.append_column("shard", shard), "swhid")

    def add_ledger(self, table: pa.Table, path: str, add: Add) -> None:
        """Take rows of the ledger."""
        self._rows.add(table.filter(pc.is_valid(table.column("swhid"))), "swhid")
        names = pc.is_valid(table.column("kept_swhid"))
        self._references.add(table.filter(names), "kept_swhid")
        nameless = table.filter(pc.and_(pc.is_valid(table.column("similarity")), pc.invert(names)))
        for row in nameless.select(["repository_id", "path"]).to_pylist():
            add("duplicates", path, f"{row['path']} of {row['repository_id']}: similarity without a kept file")

    def check(self, threshold: float | None, add: Add) -> None:
        """Compare; call once, after all rows were taken."""
        for number in range(self._files.count):
            files = _unique(self._files.read(number), add, "data", "{swhid} occurs in more than one row of data")
            rows = self._rows.read(number)
            kept = rows.filter(pc.equal(rows.column("decision"), "kept"))
            kept = _unique(kept, add, "ledger", "{swhid} is kept in more than one row")
            _compare(files, kept, add)
            _check_references(self._references.read(number), files, rows, threshold, add)


def _unique(table: pa.Table, add: Add, path: str, what: str) -> pa.Table:
    """Return rows sorted by SWHID, one for each; tell of the others."""
    table = table.sort_by([("swhid", "ascending"), ("shard", "ascending"), ("path", "ascending")]).combine_chunks()
    if table.num_rows < 2:
        return table
    swhids = table.column("swhid").combine_chunks()
    again = pc.fill_null(pc.equal(swhids[1:], swhids[:-1]), False)
    mask = pa.concat_arrays([pa.array([False]), again])
    for swhid in swhids.filter(mask).to_pylist():
        add("conservation", path, what.format(swhid=swhid))
    return table.filter(pc.invert(mask)) if pc.any(mask).as_py() else table


def _compare(files: pa.Table, kept: pa.Table, add: Add) -> None:
    in_ledger = pc.is_in(files.column("swhid"), value_set=kept.column("swhid").combine_chunks())
    in_data = pc.is_in(kept.column("swhid"), value_set=files.column("swhid").combine_chunks())
    for row in files.filter(pc.invert(in_ledger)).to_pylist():
        add("conservation", row["shard"], f"{row['swhid']} ({row['path']}) has no kept row in the ledger")
    for row in kept.filter(pc.invert(in_data)).to_pylist():
        where = row["shard"] or "no shard"
        add("conservation", "ledger", f"{row['path']} of {row['repository_id']} is kept in {where}, but is not there")
    files, kept = files.filter(in_ledger), kept.filter(in_data)
    for name in (*SHARED, "shard"):
        for row, other in _unlike(files, kept, name):
            what = f"{row['swhid']}: {name} is {row[name]!r}, in the ledger {other[name]!r}"
            add("conservation", row["shard"], what)


def _unlike(left: pa.Table, right: pa.Table, name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    a, b = left.column(name), right.column(name)
    # Null where one side is null: then they differ unless both are.
    mask = pc.if_else(pc.and_(a.is_valid(), b.is_valid()), pc.not_equal(a, b), pc.xor(a.is_valid(), b.is_valid()))
    if pc.any(mask).as_py():
        yield from zip(left.filter(mask).to_pylist(), right.filter(mask).to_pylist(), strict=True)


def _check_references(refs: pa.Table, files: pa.Table, rows: pa.Table, threshold: float | None, add: Add) -> None:
    at = pc.index_in(refs.column("kept_swhid"), value_set=files.column("swhid").combine_chunks())
    found, near = pc.is_valid(at), pc.is_valid(refs.column("similarity"))

    def tell(mask: Any, what: str) -> None:
        for row in refs.filter(mask).to_pylist():
            add("duplicates", "ledger", f"{row['path']} of {row['repository_id']}: " + what.format(**row))

    tell(pc.and_(near, pc.invert(found)), "near duplicate of {kept_swhid}, which is not kept")
    similarity = pc.fill_null(refs.column("similarity"), 0.0)
    enough = pc.and_(pc.greater_equal(similarity, threshold or 0.0), pc.less_equal(similarity, 1.0))
    if threshold is None:
        tell(near, "has a similarity, but the manifest has no threshold")
    tell(pc.and_(near, pc.invert(enough)), f"similarity {{similarity}} is not between {threshold} and 1")
    same = pc.fill_null(pc.equal(refs.column("kept_swhid"), refs.column("swhid")), False)
    tell(pc.and_(pc.invert(near), pc.invert(same)), "duplicate of {kept_swhid}, but has {swhid}")
    for name, key in (("kept_repository_id", "repository_id"), ("kept_path", "path")):
        stands = pc.fill_null(files.column(key).take(at), "\0")
        unlike = pc.and_(found, pc.not_equal(pc.fill_null(refs.column(name), ""), stands))
        tell(unlike, f"{name} is {{{name}}}, but another file stands for {{kept_swhid}}")
    # An exact duplicate may be of a file that a later stage dropped: then that file has a row of its own.
    loose = refs.filter(pc.and_(pc.invert(found), pc.invert(near)))
    known = pc.is_in(_keys(loose, "kept_"), value_set=_keys(rows, ""))
    for row in loose.filter(pc.invert(known)).to_pylist():
        what = f"names {row['kept_path']} of {row['kept_repository_id']}, which the ledger does not have"
        add("duplicates", "ledger", f"{row['path']} of {row['repository_id']}: {what}")


def _keys(table: pa.Table, prefix: str) -> pa.Array:
    parts = [pc.fill_null(table.column(prefix + n), "") for n in ("swhid", "repository_id", "path")]
    joined = pc.binary_join_element_wise(*parts, "\0")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined

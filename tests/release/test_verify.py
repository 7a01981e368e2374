"""Seeded corruptions: each must be found, under the name of the law it breaks.

Most change rows and then seal the release again (file checksums, roots and counts made to agree), so that only the law
itself can tell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from drystone.errors import ReleaseError
from drystone.release.checking import laws
from drystone.release.checking.verify import CHECKS, Report, verify
from drystone.release.manifest import FileEntry, Manifest, manifest_bytes, read_manifest, release_root
from drystone.release.merkle import MerkleTree
from tests.release.sample import repository_id

Rows = list[dict[str, Any]]


def seal(folder: Path) -> None:
    """Make manifest and checksums agree with the Parquet files as they are now."""
    old = read_manifest(folder)
    entries = []
    for entry in old.files:
        path = folder / entry.path
        data = pq.read_table(path)
        tree = MerkleTree()
        tree.add_rows(data)
        text = pc.sum(pc.binary_length(data["content"])).as_py() or 0 if entry.kind == "data" else 0
        raw = path.read_bytes()
        update = {"rows": data.num_rows, "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
        entries.append(entry.model_copy(update=update | {"root": tree.root().hex(), "text_bytes": text}))
    rows = {kind: sum(e.rows for e in entries if e.kind == kind) for kind in ("data", "ledger", "repositories")}
    counts = old.counts.model_copy(
        update={
            "kept": rows["data"],
            "occurrences": rows["ledger"],
            "dropped": rows["ledger"] - rows["data"],
            "repositories": rows["repositories"],
            "text_bytes": sum(e.text_bytes for e in entries),
        }
    )
    write_sealed(folder, old, entries, counts=counts, root=release_root(old.facts, entries))


def write_sealed(folder: Path, old: Manifest, entries: list[FileEntry], **changes: Any) -> None:
    documents = [d for d in old.documents if d.path != "SHA256SUMS"]
    listed = sorted([*entries, *documents], key=lambda f: f.path)
    sums = "".join(f"{f.sha256}  {f.path}\n" for f in listed).encode()
    (folder / "SHA256SUMS").write_bytes(sums)
    last = next(d for d in old.documents if d.path == "SHA256SUMS")
    last = last.model_copy(update={"bytes": len(sums), "sha256": hashlib.sha256(sums).hexdigest()})
    manifest = old.model_copy(
        update={
            "files": tuple(entries),
            "documents": tuple(sorted([*documents, last], key=lambda d: d.path)),
            **changes,
        }
    )
    (folder / "manifest.json").write_bytes(manifest_bytes(manifest))


def file_of(folder: Path, kind: str) -> Path:
    entries = read_manifest(folder).of_kind(kind)
    return folder / max(entries, key=lambda e: e.rows).path


def change_rows(kind: str, change: Callable[[Rows], Rows | None]) -> Callable[[Path], None]:
    def corrupt(folder: Path) -> None:
        path = file_of(folder, kind)
        data = pq.read_table(path)
        rows = data.to_pylist()
        changed = change(rows)
        pq.write_table(pa.Table.from_pylist(rows if changed is None else changed, schema=data.schema), path)
        seal(folder)

    return corrupt


def where(test: Callable[[dict[str, Any]], Any], **values: Any) -> Callable[[Rows], None]:
    """Change the first row that passes the test."""

    def change(rows: Rows) -> None:
        next(row for row in rows if test(row)).update(values)

    return change


def plain(row: dict[str, Any]) -> bool:
    return not row["redactions"] and row["src_encoding"] == "UTF-8" and len(row["content"]) > 100


def kept(row: dict[str, Any]) -> bool:
    return bool(row["decision"] == "kept")


def near(row: dict[str, Any]) -> bool:
    return row["similarity"] is not None


def copy_of(row: dict[str, Any]) -> bool:
    return row["kept_swhid"] is not None and row["similarity"] is None


def new_content(rows: Rows) -> None:
    """Content that has its released_sha256, but is not what the SWHID names."""
    row = next(row for row in rows if plain(row))
    text = row["content"].replace("e", "3")
    row.update(content=text, released_sha256=hashlib.sha256(text.encode()).hexdigest())


def swap(rows: Rows) -> None:
    rows[3], rows[4] = rows[4], rows[3]


def second_of(rows: Rows) -> None:
    rows.insert(1, dict(rows[0]))


NOBODY = "swh:1:cnt:" + "0" * 40

#: name -> (corruption, check that must find it, words in the message)
LAWS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "content changed": (
        change_rows("data", where(plain, content="x = 2\n")),
        "content",
        "does not have its released_sha256",
    ),
    "content changed with its hash": (change_rows("data", new_content), "content", "is not what this SWHID"),
    "blob_id": (change_rows("data", where(plain, blob_id="0" * 40)), "content", "blob_id 0000"),
    "content_id": (change_rows("data", where(plain, content_id="0" * 40)), "content", "content_id is 0000"),
    "length": (change_rows("data", where(plain, length_bytes=7)), "content", "length_bytes is 7"),
    "content gone": (change_rows("data", where(plain, content=None)), "content", "has no content"),
    "swhid of nothing": (change_rows("data", where(plain, swhid="zzz")), "content", "is not the SWHID of content"),
    "another language": (change_rows("data", where(plain, language="COBOL")), "content", "language is 'COBOL'"),
    "shard unsorted": (change_rows("data", swap), "order", "follows"),
    "row twice in a shard": (change_rows("data", second_of), "conservation", "occurs in more than one row of data"),
    "row gone from a shard": (change_rows("data", lambda rows: rows[1:]), "conservation", "but is not there"),
    "path differs": (
        change_rows("data", where(plain, path="/elsewhere.py")),
        "conservation",
        "path is '/elsewhere.py'",
    ),
    "licence differs": (
        change_rows("data", where(plain, license_type="no_license")),
        "conservation",
        "license_type is 'no_license', in the ledger 'permissive'",
    ),
    "ledger unsorted": (change_rows("ledger", swap), "order", "follows"),
    "ledger row twice": (change_rows("ledger", second_of), "order", "follows"),
    "ledger key missing": (change_rows("ledger", where(kept, path=None)), "order", "rows lack repository_id"),
    "kept row gone": (
        change_rows("ledger", lambda rows: [r for r in rows if r is not next(filter(kept, rows))]),
        "conservation",
        "has no kept row in the ledger",
    ),
    "dropped row gone": (
        change_rows("ledger", lambda rows: [r for r in rows if r is not next(r for r in rows if not kept(r))]),
        "repositories",
        "occurrences",
    ),
    "shard of another name": (
        change_rows("ledger", where(kept, shard="data/Python/train-00009-of-00010.parquet")),
        "conservation",
        "in the ledger 'data/Python/train-00009",
    ),
    "kept without shard": (change_rows("ledger", where(kept, shard=None)), "decisions", "names no shard"),
    "kept with reason": (change_rows("ledger", where(kept, reason="odd")), "decisions", "has a reason to drop it"),
    "kept at another stage": (change_rows("ledger", where(kept, stage="odd")), "decisions", "stage is not release"),
    "kept link": (change_rows("ledger", where(kept, kind="symlink")), "decisions", "is not a file"),
    "kept without swhid": (change_rows("ledger", where(kept, swhid=None)), "decisions", "has no swhid"),
    "dropped without reason": (
        change_rows("ledger", where(lambda r: not kept(r), reason=None)),
        "decisions",
        "dropped without a reason",
    ),
    "dropped without stage": (
        change_rows("ledger", where(lambda r: not kept(r), stage=None)),
        "decisions",
        "dropped without a stage",
    ),
    "dropped with shard": (
        change_rows("ledger", where(lambda r: not kept(r), shard="data/C/train-00000-of-00001.parquet")),
        "decisions",
        "dropped, but names a shard",
    ),
    "no decision": (change_rows("ledger", where(kept, decision="maybe")), "decisions", "neither kept nor dropped"),
    "dropped, but in a shard": (
        change_rows("ledger", where(kept, decision="dropped", stage="quality", reason="x", shard=None)),
        "conservation",
        "has no kept row in the ledger",
    ),
    "kept, but in no shard": (
        change_rows("ledger", where(lambda r: r["stage"] == "language", decision="kept", stage="release", reason=None)),
        "conservation",
        "is kept in no shard, but is not there",
    ),
    "copy names another content": (
        change_rows("ledger", where(copy_of, kept_swhid=NOBODY)),
        "duplicates",
        "which the ledger does not have",
    ),
    "copy of another file": (
        change_rows("ledger", where(copy_of, kept_path="/else.py")),
        "duplicates",
        "kept_path is /else.py, but another file stands for",
    ),
    "repository gone": (change_rows("repositories", lambda rows: rows[1:]), "repositories", "is not listed"),
    "repository unknown": (
        change_rows("repositories", lambda rows: [*rows, rows[-1] | {"repository_id": "f" * 64}]),
        "repositories",
        "the ledger has 0 and 0",
    ),
    "repository's counts": (
        change_rows("repositories", where(lambda r: r["kept"], kept=1)),
        "repositories",
        "says ",
    ),
    "repositories unsorted": (change_rows("repositories", lambda rows: rows[::-1]), "order", "follows"),
}


def near_part(values: dict[str, Any]) -> Callable[[Path], None]:
    """Change a near duplicate, which may lie in any part of the ledger."""

    def corrupt(folder: Path) -> None:
        for entry in read_manifest(folder).of_kind("ledger"):
            data = pq.read_table(folder / entry.path)
            rows = data.to_pylist()
            if any(map(near, rows)):
                where(near, **values)(rows)
                pq.write_table(pa.Table.from_pylist(rows, schema=data.schema), folder / entry.path)
                break
        seal(folder)

    return corrupt


LAWS |= {
    "near duplicate of nobody": (near_part({"kept_swhid": NOBODY}), "duplicates", "which is not kept"),
    "near duplicate not similar": (near_part({"similarity": 0.69}), "duplicates", "similarity 0.69 is not between 0.7"),
    "near duplicate too similar": (near_part({"similarity": 1.5}), "duplicates", "similarity 1.5 is not between"),
    "near duplicate of nothing": (near_part({"kept_swhid": None}), "duplicates", "similarity without a kept file"),
    "near duplicate of another repository": (
        near_part({"kept_repository_id": repository_id("x")}),
        "duplicates",
        "another file stands for",
    ),
}


def found(report: Report, check: str, words: str) -> bool:
    return any(p.check == check and words in f"{p.path}: {p.what}" for p in report.examples)


def test_a_sound_release_holds(sample_release: Path) -> None:
    seen: list[tuple[int, int]] = []
    report = verify(sample_release, progress=lambda done, total: seen.append((done, total)))
    assert report.examples == []
    assert report.holds
    assert report.checks == tuple(name for name in CHECKS if name != "index")
    assert seen[-1][0] == seen[-1][1]
    assert seen == sorted(seen)


def test_sealing_alone_changes_nothing(release_copy: Path) -> None:
    before = read_manifest(release_copy)
    seal(release_copy)
    assert read_manifest(release_copy) == before


@pytest.mark.parametrize("name", LAWS)
def test_a_broken_law_is_found_and_named(name: str, release_copy: Path) -> None:
    corrupt, check, words = LAWS[name]
    corrupt(release_copy)
    report = verify(release_copy)
    assert found(report, check, words), report.examples
    assert not {"checksums", "roots", "schemas", "files"} & report.problems.keys(), "the seal itself is broken"


def test_a_swhid_kept_in_two_shards(release_copy: Path) -> None:
    first, second = read_manifest(release_copy).languages["Python"]
    one, two = (pq.read_table(release_copy / e.path) for e in (first, second))
    row = one.slice(5, 1)
    joined = pa.concat_tables([two, row]).sort_by("swhid")
    pq.write_table(joined, release_copy / second.path)
    seal(release_copy)
    report = verify(release_copy)
    assert found(report, "conservation", f"{row['swhid'][0]} occurs in more than one row of data")


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


FILES: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "a bit of a shard": (lambda f: flip(file_of(f, "data")), "checksums", "has SHA-256"),
    "a bit of the ledger": (lambda f: flip(file_of(f, "ledger")), "checksums", "has SHA-256"),
    "a bit of NOTICE": (lambda f: flip(f / "NOTICE"), "checksums", "NOTICE: has SHA-256"),
    "a bit of SHA256SUMS": (lambda f: flip(f / "SHA256SUMS"), "checksums", "does not list the files"),
    "a shard gone": (lambda f: file_of(f, "data").unlink(), "files", "missing"),
    "a document gone": (lambda f: (f / "README.md").unlink(), "files", "README.md: missing"),
    "a shard cut": (lambda f: file_of(f, "data").write_bytes(b"PAR1"), "schemas", "is not a readable Parquet file"),
    "a shard emptied": (lambda f: file_of(f, "data").write_bytes(b""), "files", "has 0 bytes"),
    "a file more": (
        lambda f: (f / "data/Python/extra.parquet").touch(),
        "files",
        "extra.parquet: is not listed in the manifest",
    ),
    "a shard is a folder": (lambda f: (file_of(f, "data").unlink(), file_of(f, "data").mkdir()), "files", "missing"),
}


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_are_found_and_named(name: str, release_copy: Path) -> None:
    corrupt, check, words = FILES[name]
    corrupt(release_copy)
    assert found(verify(release_copy), check, words)


def reseal_with(change: Callable[[Manifest], dict[str, Any]]) -> Callable[[Path], None]:
    def corrupt(folder: Path) -> None:
        old = read_manifest(folder)
        changes = change(old)
        entries = changes.pop("files", list(old.files))
        write_sealed(folder, old, entries, **changes)

    return corrupt


def entries_with(kind: str, **update: Any) -> Callable[[Manifest], dict[str, Any]]:
    def change(manifest: Manifest) -> dict[str, Any]:
        first = manifest.of_kind(kind)[0]
        return {"files": [e.model_copy(update=update) if e is first else e for e in manifest.files]}

    return change


def counts_with(**update: int) -> Callable[[Manifest], dict[str, Any]]:
    return lambda manifest: {"counts": manifest.counts.model_copy(update=update)}


def facts_with(**update: Any) -> Callable[[Manifest], dict[str, Any]]:
    return lambda manifest: {"facts": manifest.facts.model_copy(update=update)}


MANIFESTS: dict[str, tuple[Callable[[Manifest], dict[str, Any]], str, str]] = {
    "root": (lambda _: {"root": "0" * 64}, "roots", "the root hash does not follow"),
    "root of a file": (entries_with("data", root="0" * 64), "roots", "rows have root"),
    "rows of a file": (entries_with("ledger", rows=3), "counts", "the manifest says 3"),
    "text of a file": (entries_with("data", text_bytes=3), "counts", "the manifest says 3"),
    "kept": (counts_with(kept=1), "counts", "kept is 1, the files sum to"),
    "dropped": (counts_with(dropped=1), "counts", "+ 1 dropped"),
    "opted out": (counts_with(opted_out_repositories=9), "counts", "opted_out_repositories is 9"),
    "configuration": (facts_with(configuration={"other": 1}), "roots", "the root hash does not follow"),
    "threshold": (facts_with(near_duplicate_threshold=None), "duplicates", "the manifest has no threshold"),
    "a language's shard left out": (
        lambda m: {"files": [e for e in m.files if e.language != "TOML"]},
        "files",
        "is not listed in the manifest",
    ),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_that_says_something_else_is_found(name: str, release_copy: Path) -> None:
    change, check, words = MANIFESTS[name]
    reseal_with(change)(release_copy)
    assert found(verify(release_copy), check, words)


def with_columns(change: Callable[[pa.Table], pa.Table]) -> Callable[[Path], None]:
    def corrupt(folder: Path) -> None:
        path = file_of(folder, "data")
        pq.write_table(change(pq.read_table(path)), path)

    return corrupt


SCHEMAS: dict[str, tuple[Callable[[pa.Table], pa.Table], str]] = {
    "missing": (lambda t: t.drop_columns(["swhid"]), "missing swhid"),
    "more": (lambda t: t.append_column("extra\x1b", t["path"]), r"unknown extra\x1b"),
    "order": (lambda t: t.select(t.schema.names[::-1]), "their order differs"),
    "type": (lambda t: t.set_column(24, "length_bytes", t["swhid"]), "length_bytes is string, not int64"),
    "nested type": (lambda t: t.set_column(4, "detected_licenses", t["license_evidence"]), "detected_licenses is list"),
}


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("quick", [False, True])
def test_wrong_columns_are_found_and_named(name: str, quick: bool, release_copy: Path) -> None:
    change, words = SCHEMAS[name]
    with_columns(change)(release_copy)
    assert found(verify(release_copy, quick=quick), "schemas", words)


def test_quick_reads_no_rows_and_says_so(release_copy: Path) -> None:
    flip(file_of(release_copy, "data"))
    report = verify(release_copy, quick=True)
    assert report.holds
    assert report.quick
    assert report.checks == ("files", "schemas", "counts", "registry", "tombstones", "signatures")
    (release_copy / "NOTICE").unlink()
    assert found(verify(release_copy, quick=True), "files", "NOTICE: missing")


def test_many_problems_are_counted_and_some_shown(release_copy: Path) -> None:
    def spoil(rows: Rows) -> None:
        for row in rows:
            row["content_id"] = "x"

    change_rows("data", spoil)(release_copy)
    report = verify(release_copy)
    assert report.problems["content"] > 20
    assert sum(p.check == "content" for p in report.examples) == 20


@pytest.mark.parametrize("name", ["near duplicate of nobody", "row gone from a shard", "copy of another file"])
def test_spilled_ids_find_the_same(name: str, release_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    LAWS[name][0](release_copy)
    whole = verify(release_copy)
    monkeypatch.setattr(laws, "_BUCKET_ROWS", 25)
    spilled = verify(release_copy)
    assert spilled.problems == whole.problems
    assert sorted(p.what for p in spilled.examples) == sorted(p.what for p in whole.examples)


def test_a_folder_that_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="is not a release"):
        verify(tmp_path)


def test_names_in_a_report_cannot_drive_a_terminal(release_copy: Path) -> None:
    change_rows("data", where(plain, language="\x1b[31m"))(release_copy)
    report = verify(release_copy)
    assert report.problems["content"]
    assert not any("\x1b" in p.what + p.path for p in report.examples)


def test_a_report_is_plain_json(sample_release: Path) -> None:
    report = verify(sample_release, quick=True)
    assert orjson.loads(orjson.dumps(report))["name"] == "Sample stones"

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from drystone.errors import ReleaseError
from drystone.release import manifest as module
from drystone.release.manifest import (
    FileEntry,
    Manifest,
    ReleaseFacts,
    manifest_bytes,
    read_manifest,
    release_root,
)
from drystone.release.read import open_release
from tests.release.sample import FACTS


def test_a_manifest_reads_back(sample_release: Path) -> None:
    manifest = read_manifest(sample_release)
    assert (sample_release / "manifest.json").read_bytes() == manifest_bytes(manifest)
    assert manifest.facts.configuration == FACTS.configuration
    assert Manifest.model_validate(orjson.loads(manifest_bytes(manifest))) == manifest
    entry = manifest.files[0]
    assert FileEntry(**entry.model_dump()) == entry


def damaged(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        value = orjson.loads(path.read_bytes())
        path.write_bytes(orjson.dumps(change(value) or value))

    return write


def entry_with(**changes: Any) -> Callable[[Path], None]:
    return damaged(lambda m: m["files"][0].update(changes))


CASES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "missing": (lambda p: p.unlink(), "is an incomplete release"),
    "empty": (lambda p: p.write_bytes(b""), "is not JSON"),
    "not JSON": (lambda p: p.write_bytes(b"{"), "is not JSON"),
    "deep": (lambda p: p.write_bytes(b"[" * 100_000), "is not JSON"),
    "not UTF-8": (lambda p: p.write_bytes(b'{"a": "\xff"}'), "is not JSON"),
    "a list": (lambda p: p.write_bytes(b"[]"), "is not the manifest of a release"),
    "another format": (damaged(lambda m: m.update(format="x")), "is not the manifest of a release"),
    "newer": (damaged(lambda m: m.update(format_version=99, min_reader_version=99)), "Install a newer drystone"),
    "newer, and silent": (damaged(lambda m: (m.update(format_version=99), m.pop("min_reader_version"))[0]), "Install"),
    "unknown document": (damaged(lambda m: m["documents"][0].update(path="LETTER.txt")), "has no LETTER.txt"),
    "unknown column": (damaged(lambda m: m["columns"]["data"].append("smell")), "has no data: smell"),
    "column twice": (damaged(lambda m: m["columns"]["data"].append("path")), "of data is announced twice"),
    "no columns": (damaged(lambda m: m.pop("columns") and None), "columns must be announced"),
    "no version": (damaged(lambda m: m.update(format_version="1")), "is damaged: format_version"),
    "unknown key": (damaged(lambda m: m.update(extra=1)), "is damaged: extra"),
    "no files": (damaged(lambda m: m.pop("files") and None), "is damaged: files"),
    "traversal": (entry_with(path="../../../etc/passwd"), "is not the path of a file of a release"),
    "absolute": (entry_with(path="/etc/passwd"), "is not the path of a file of a release"),
    "document traversal": (damaged(lambda m: m["documents"][0].update(path="../x")), "is not a document"),
    "negative": (entry_with(rows=-1), "files.0.rows"),
    "wrong type": (entry_with(rows="7"), "files.0.rows"),
    "huge number": (entry_with(rows=1e300), "files.0.rows"),
    "no hash": (entry_with(sha256="x"), "files.0.sha256"),
    "twice": (damaged(lambda m: m["files"].insert(1, m["files"][0])), "a path is listed twice"),
    "unsorted": (damaged(lambda m: m["files"].reverse()), "not sorted"),
    "a folder": (lambda p: (p.unlink(), p.mkdir()), "cannot be read"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_damaged_manifest_is_a_clear_error(name: str, release_copy: Path) -> None:
    change, message = CASES[name]
    change(release_copy / "manifest.json")
    with pytest.raises(ReleaseError, match=message):
        open_release(release_copy)


def test_control_characters_in_a_manifest_do_not_reach_the_terminal(release_copy: Path) -> None:
    entry_with(path="\x1b[31mred")(release_copy / "manifest.json")
    with pytest.raises(ReleaseError) as error:
        open_release(release_copy)
    assert "\x1b" not in str(error.value)


def test_a_huge_manifest_is_refused_before_it_is_read(release_copy: Path) -> None:
    with (release_copy / "manifest.json").open("r+b") as file:
        file.truncate(module.MAX_BYTES + 1)  # a hole: no disk is used
    with pytest.raises(ReleaseError, match="no manifest is that large"):
        open_release(release_copy)


def test_folders_that_are_no_release(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"it has no manifest\.json"):
        open_release(tmp_path)
    with pytest.raises(ReleaseError, match="is not a folder"):
        open_release(tmp_path / "nothing")
    (tmp_path / "file").touch()
    with pytest.raises(ReleaseError, match="is not a folder"):
        open_release(tmp_path / "file")


ENTRIES = [
    FileEntry(path=path, rows=1, bytes=2, sha256="0" * 64, root="1" * 64)
    for path in ("repositories.parquet", "ledger/part-00000-of-00001.parquet")
]


def test_the_root_depends_on_rows_configuration_registry_and_version_only() -> None:
    root = release_root(FACTS, ENTRIES)
    assert root == release_root(FACTS, ENTRIES[::-1])
    for same in ({"name": "x"}, {"version": "9"}, {"date": None}, {"description": "x"}, {"authors": ("x",)}):
        assert release_root(FACTS.model_copy(update=same), ENTRIES) == root
    for other in (
        {"configuration": {"profile": "x"}},
        {"registry_head": "x"},
        {"program_version": "9"},
        {"opted_out_repositories": 3},
        {"near_duplicate_threshold": 0.8},
    ):
        assert release_root(FACTS.model_copy(update=other), ENTRIES) != root
    assert release_root(FACTS, [e.model_copy(update={"sha256": "2" * 64, "bytes": 9}) for e in ENTRIES]) == root
    assert release_root(FACTS, [ENTRIES[0], ENTRIES[1].model_copy(update={"root": "2" * 64})]) != root


def test_the_order_of_keys_in_a_configuration_does_not_matter() -> None:
    roots = {
        release_root(ReleaseFacts(name="n", version="1", configuration=c), ENTRIES)
        for c in ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1})
    }
    assert len(roots) == 1

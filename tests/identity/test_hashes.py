from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.identity.hashes import (
    EMPTY_TREE,
    MODE_DIRECTORY,
    MODE_EXECUTABLE,
    MODE_FILE,
    MODE_SYMLINK,
    Tree,
    blob_hash,
    blob_hash_of_stream,
    object_hash,
    parse_tree,
    snapshot_hash,
    tree_hash,
)


def git(*arguments: str, stdin: bytes = b"", cwd: Path | None = None) -> bytes:
    return subprocess.run(["git", *arguments], input=stdin, capture_output=True, check=True, cwd=cwd).stdout.strip()


@pytest.mark.parametrize("data", [b"", b"a", b"a\r\nb\0" * 10_000])
def test_blob_hash_is_gits(data: bytes) -> None:
    assert blob_hash(data).hex().encode() == git("hash-object", "--stdin", "--no-filters", stdin=data)
    assert blob_hash_of_stream(len(data), [data[:3], data[3:]]) == blob_hash(data)
    assert blob_hash_of_stream(len(data) + 1, [data]) is None


def test_tree_hash_is_gits(tmp_path: Path) -> None:
    git("init", "-q", cwd=tmp_path)
    # "a" the directory sorts after "a-b" and "a.b", as if it were "a/".
    for name in ("a/x", "a-b", "a.b", "a0", "\u00e9/\u00fc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "run").write_text("#!")
    (tmp_path / "run").chmod(0o755)
    (tmp_path / "link").symlink_to("a/x")
    git("add", "-A", cwd=tmp_path)
    expected = git("write-tree", cwd=tmp_path)
    tree = Tree()
    for name in ("run", "a/x", "a-b", "\u00e9/\u00fc", "a.b", "a0"):
        tree.add(
            name.encode(), MODE_EXECUTABLE if name == "run" else MODE_FILE, blob_hash((tmp_path / name).read_bytes())
        )
    tree.add(b"link", MODE_SYMLINK, blob_hash(b"a/x"))
    assert tree.hash().hex().encode() == expected
    assert Tree().hash() == EMPTY_TREE
    # And back: parsing what git wrote gives the same hash.
    body = subprocess.run(["git", "cat-file", "tree", expected], cwd=tmp_path, capture_output=True, check=True).stdout
    assert tree_hash(reversed(list(parse_tree(body)))) == object_hash("tree", body) == bytes.fromhex(expected.decode())


def test_later_names_replace_earlier_ones() -> None:
    one, two = blob_hash(b"1"), blob_hash(b"2")
    tree = Tree()
    assert not tree.add(b"a", MODE_FILE, one)
    assert tree.add(b"a", MODE_FILE, two)
    assert not tree.add(b"a/b", MODE_FILE, one)  # a file becomes a directory
    assert tree.find(b"a") is None
    assert tree.add(b"a", MODE_FILE, one)  # and a file again
    tree.add(b"a//./c", MODE_FILE, two)
    same = Tree()
    same.add(b"a/c", MODE_FILE, two)
    assert tree.hash() == same.hash()
    found = tree.find(b"a/c")
    assert found is not None
    assert found.blob == two


def test_a_tree_may_be_deeper_than_the_stack() -> None:
    tree = Tree()
    tree.add(b"d/" * 5000 + b"f", MODE_FILE, blob_hash(b""))
    expected = tree_hash([(MODE_FILE, b"f", blob_hash(b""))])
    for _ in range(5000):
        expected = tree_hash([(MODE_DIRECTORY, b"d", expected)])
    assert tree.hash() == expected


@pytest.mark.parametrize(
    "body",
    [b"100644", b"100644 a", b"100644 a\0short", b"x a\0" + b"h" * 20, b"-1 a\0" + b"h" * 20, b" a\0" + b"h" * 20],
)
def test_malformed_trees_are_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        list(parse_tree(body))


def test_directories_are_swhs(tmp_path: Path, swh: Any) -> None:
    (tmp_path / "empty/below").mkdir(parents=True)
    (tmp_path / "a").mkdir()
    (tmp_path / "a/f").write_bytes(b"x\0y")
    (tmp_path / "a/g").write_bytes(b"")
    (tmp_path / "a/g").chmod(0o711)
    (tmp_path / "a/h").symlink_to("/etc/passwd")
    tree = Tree()
    tree.add(b"a/f", MODE_FILE, blob_hash(b"x\0y"))
    tree.add(b"a/g", MODE_EXECUTABLE, blob_hash(b""))
    tree.add(b"a/h", MODE_SYMLINK, blob_hash(b"/etc/passwd"))
    tree.add_directory(b"empty/below")
    assert tree.hash().hex() == swh("directory", str(tmp_path))
    assert blob_hash(b"x\0y").hex() == swh("content", str(tmp_path / "a/f"))


IDS = st.binary(min_size=20, max_size=20)
KINDS = st.sampled_from(["content", "directory", "revision", "release", "snapshot"])


@settings(deadline=None)
@given(st.dictionaries(st.binary(min_size=1, max_size=30), st.one_of(st.none(), st.tuples(KINDS, IDS)), max_size=6))
def test_snapshots_are_swhs(swh: Any, branches: dict[bytes, tuple[str, bytes] | None]) -> None:
    if branches and b"HEAD" not in branches:
        branches[b"HEAD"] = ("alias", min(branches))
    asked = {name.hex(): None if b is None else [b[0], b[1].hex()] for name, b in branches.items()}
    assert snapshot_hash(branches).hex() == swh("snapshot", asked)


def test_the_empty_snapshot() -> None:
    # The identifier that Software Heritage gives every empty repository.
    assert snapshot_hash({}).hex() == "1a8893e6a86f444e8be8e7bda6cb34fb1735a00e"


def test_a_tree_without_its_empty_folders_is_gits() -> None:
    plain, other = Tree(), Tree()
    for tree in (plain, other):
        tree.add(b"lib/a.py", 0o100644, blob_hash(b"a"))
    for path in (b"lib/nothing", b"none/of/these"):
        other.add_directory(path)
    assert other.hash() != plain.hash()
    assert dict(other.hashes(empty=False))[b""] == plain.hash()
    assert dict(other.hashes(empty=False))[b"lib"] == dict(plain.hashes())[b"lib"]
    assert list(plain.hashes(empty=False)) == list(plain.hashes())

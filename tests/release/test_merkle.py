from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.release.merkle import MerkleTree, leaf_hash, root_of, row_leaves
from drystone.release.read import open_release
from drystone.release.schema import DATA, expected
from drystone.release.tables import batches
from tests.release.sample import REPOSITORY, data_row, sample_rows, table

# Test vectors of the Certificate Transparency reference implementation (merkle_tree_test.cc).
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_roots_are_those_of_certificate_transparency() -> None:
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES]
    assert [root_of(leaves[:n]).hex() for n in range(1, 9)] == ROOTS
    assert root_of([]) == hashlib.sha256(b"").digest()


@given(st.integers(0, 70))
def test_the_stream_gives_the_recursive_definition(size: int) -> None:
    def root(leaves: list[bytes]) -> bytes:  # RFC 6962, 2.1
        if len(leaves) < 2:
            return leaf_hash(leaves[0]) if leaves else hashlib.sha256().digest()
        split = 1
        while split * 2 < len(leaves):
            split *= 2
        return hashlib.sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:])).digest()

    leaves = [str(n).encode() for n in range(size)]
    assert root_of(leaves) == root(leaves)


def test_rows_are_leaves_without_their_content() -> None:
    rows = [data_row(r) for r in sample_rows() if r.dropped is None]
    leaves = row_leaves(table(rows, DATA))
    assert leaves == row_leaves(table([row | {"content": "else"} for row in rows], DATA))
    assert leaves != row_leaves(table([row | {"released_sha256": "else"} for row in rows], DATA))
    assert len(set(leaves)) == len(rows)


def test_any_column_counts() -> None:
    row = data_row(next(r for r in sample_rows() if r.dropped is None))
    known = row_leaves(table([row], DATA))
    for field in DATA:
        if field.name != "content" and row[field.name] is not None:
            assert row_leaves(table([row | {field.name: None}], DATA)) != known, field.name


def test_the_cut_into_batches_does_not_matter() -> None:
    data = table([data_row(r) for r in sample_rows() if r.dropped is None], DATA)
    roots = set()
    for size in (1, 7, 1000):
        tree = MerkleTree()
        for batch in data.to_batches(max_chunksize=size):
            tree.add_rows(batch)
        roots.add(tree.root())
    assert len(roots) == 1


def rewrite_pyarrow(source: Path, target: Path) -> None:
    options = {"compression": "snappy", "version": "1.0", "use_dictionary": False, "store_schema": False}
    pq.write_table(pq.read_table(source), target, row_group_size=3, **options)


def rewrite_duckdb(source: Path, target: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is a dev extra")
    duckdb.sql(f"copy (from read_parquet('{source}')) to '{target}' (format parquet, compression gzip)")


def rewrite_polars(source: Path, target: Path) -> None:
    polars = pytest.importorskip("polars", reason="polars is a dev extra")
    polars.read_parquet(source).write_parquet(target, compression="lz4")


@pytest.mark.parametrize("rewrite", [rewrite_pyarrow, rewrite_duckdb, rewrite_polars])
@pytest.mark.parametrize("kind", ["data", "ledger", "repositories"])
def test_the_root_survives_another_writer(rewrite: object, kind: str, sample_release: Path, tmp_path: Path) -> None:
    assert callable(rewrite)
    for number, entry in enumerate(open_release(sample_release).manifest.of_kind(kind)):
        target = tmp_path / f"{number}.parquet"
        rewrite(sample_release / entry.path, target)
        tree = MerkleTree()
        for part in batches(target, expected(entry.kind)):
            tree.add_rows(part)
        assert tree.root().hex() == entry.root, entry.path


def test_memory_grows_with_the_logarithm_of_the_rows() -> None:
    tree = MerkleTree()
    tree.add(b"x" * 32 for _ in range(1 << 14))
    assert len(tree._peaks) == 1
    tree.add_rows(pa.table({"v": [1, 2, 3]}))
    assert (tree.size, len(tree._peaks)) == ((1 << 14) + 3, 3)


def test_the_program_of_the_docs_computes_the_same_roots(sample_release: Path) -> None:
    page = (REPOSITORY / "docs/release-format.md").read_text()
    program = next(b for b in page.split("```") if b.startswith("python\nimport hashlib")).removeprefix("python")
    manifest = open_release(sample_release).manifest
    for entry in (manifest.languages["C++"][0], manifest.of_kind("ledger")[0], manifest.of_kind("repositories")[0]):
        command = [sys.executable, "-c", program, str(sample_release / entry.path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == entry.root

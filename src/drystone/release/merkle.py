"""Merkle trees as in RFC 6962, section 2.1 (SHA-256, 0x00 before a leaf, 0x01 before a node), over rows of a table.

Built in a stream: memory grows with the logarithm of the rows. Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa

from drystone.release.canonical import json_rows

#: Columns that are not part of a row's leaf: `released_sha256` stands for `content`.
LEFT_OUT: Final = ("content",)

_ROWS_AT_ONCE: Final = 8192


class MerkleTree:
    """A growing Merkle tree; `root()` may be asked for at any time."""

    def __init__(self) -> None:
        self._peaks: list[bytes] = []  # roots of complete subtrees, largest first: one for each set bit of the size
        self.size = 0

    def add(self, leaf_hashes: Iterable[bytes]) -> None:
        """Append leaves, given as their 32-byte hashes."""
        peaks, size = self._peaks, self.size
        for leaf in leaf_hashes:
            node, full = leaf, size
            while full & 1:
                node = sha256(b"\x01" + peaks.pop() + node).digest()
                full >>= 1
            peaks.append(node)
            size += 1
        self.size = size

    def add_rows(self, table: pa.Table | pa.RecordBatch) -> None:
        """Append the rows of a table in their order."""
        for leaves in leaves_of(table):
            self.add(leaves)

    def root(self) -> bytes:
        """Return the 32-byte root; of an empty tree, the SHA-256 of nothing."""
        if not self._peaks:
            return sha256(b"").digest()
        *rest, root = self._peaks
        for peak in reversed(rest):
            root = sha256(b"\x01" + peak + root).digest()
        return root


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf that holds `data`."""
    return sha256(b"\x00" + data).digest()


def leaves_of(table: pa.Table | pa.RecordBatch) -> Iterator[list[bytes]]:
    """Yield the leaf hashes of a table's rows, some thousand rows at a time."""
    for start in range(0, table.num_rows, _ROWS_AT_ONCE):
        yield row_leaves(table.slice(start, _ROWS_AT_ONCE))


def row_leaves(table: pa.Table | pa.RecordBatch) -> list[bytes]:
    """Return the leaf hash of each row: of its canonical JSON, `content` left out."""
    rows = json_rows(table, without=LEFT_OUT, prefix="\x00")
    if isinstance(rows, pa.ChunkedArray):
        rows = rows.combine_chunks()
    _, offsets, data = rows.buffers()
    if not len(rows):
        return []
    bounds = np.frombuffer(offsets, np.int64)[rows.offset : rows.offset + len(rows) + 1].tolist()
    view = memoryview(data)
    return [sha256(view[a:b]).digest() for a, b in pairwise(bounds)]


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root of a tree over leaves given as bytes (not yet hashed)."""
    tree = MerkleTree()
    tree.add(map(leaf_hash, leaves))
    return tree.root()

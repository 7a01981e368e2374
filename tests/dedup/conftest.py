"""What the tests of this room share: hostile bytes, and decisions by brute force."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.dedup import near
from drystone.dedup.explain import shingles
from drystone.dedup.sketches import words

Row = tuple[bytes, str, bytes, bytes]  # id, group, rank, text


def hostile() -> list[bytes]:
    """Bytes at the edges: of 64-byte blocks, of 4096-byte chunks, of 16-byte tokens, and of no kind at all."""
    chance = random.Random(7)
    cases = [b"", b" ", b"a", b"\0" * 70, b"\xff" * 70, b"a b c d", b"a b c d e", b"x " * 5000, b"_ " * 40]
    cases += [b"a" * n for n in (15, 16, 17, 32, 33, 63, 64, 65, 4095, 4096, 4097, 9000)]
    cases += [b"k " * 4 + b"z" * n + b" tail of five words here" for n in (1, 16, 64, 4096, 8200)]
    cases += [bytes(range(256)) * n for n in (1, 3, 40)]
    cases += [chance.randbytes(n) for n in (1, 5, 63, 64, 65, 127, 128, 129, 4095, 4096, 4097, 20_000)]
    cases += [b" " * n + b"a b c d e f" for n in range(58, 70)]
    cases += [b"if x:\n\treturn (a_1+b)*\xc3\xa9t\xc3\xa9\n" * n for n in (1, 2, 30)]
    wide = "漢字かなカナ한글 ไทย ที่ é e\u0301 が か\u3099 naïve—x “q” ×² 🚪 a\u200db \u0301 "
    wide += "ABCテスト日本 １２ _中_ \U00020000"
    cases += [wide.encode() * n for n in (1, 2, 70)] + [wide.encode()[k:] * 60 for k in range(1, 9)]
    cases += [b"a" * n + wide.encode() * 60 for n in (55, 60, 63, 64, 4090, 4093, 4095, 4096)]
    cases += ["中".encode() * n + "\u0301".encode() * m + b"x" for n, m in ((1366, 3000), (21, 1), (1365, 9000))]
    cases += ["".join(chance.choices(wide, k=n)).encode() for n in (64, 500, 9000)]
    cases += [bytes(chance.choices(b"ab_ \n.\x80\xff(", k=n)) for n in (10, 64, 200, 5000)]
    return cases


@pytest.fixture(scope="session")
def nasty() -> list[bytes]:
    return hostile()


def variations(seed: int, families: int = 12, most: int = 8) -> list[bytes]:
    """Texts in families: a base, and edits of it that are more and less like it, so that all similarities occur."""
    chance = random.Random(seed)
    out = []
    for _ in range(families):
        base = [b"t%d" % chance.randrange(400) for _ in range(chance.randrange(5, 120))]
        for _ in range(chance.randrange(1, most)):
            text = list(base)
            for _ in range(chance.randrange(0, 1 + len(text) // 12)):
                text[chance.randrange(len(text))] = b"n%d" % chance.randrange(10**6)
            out.append(b" ".join(text))
    chance.shuffle(out)
    return out


def make_rows(texts: list[bytes], seed: int = 0, groups: int = 1) -> list[Row]:
    chance = random.Random(seed)
    ranks = list(range(len(texts)))
    chance.shuffle(ranks)
    ids = {chance.randbytes(20) for _ in texts}
    while len(ids) < len(texts):
        ids.add(chance.randbytes(20))
    return [
        (i, f"g{chance.randrange(groups)}", b"%09d" % rank, text)
        for i, rank, text in zip(sorted(ids), ranks, texts, strict=True)
    ]


def write_items(rows: list[Row], method: near.Method, folder: Path, files: int = 1) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(files):
        part = rows[number::files]
        path = folder / f"items-{number}.parquet"
        pq.write_table(
            pa.table(
                {
                    "id": pa.array([r[0] for r in part], pa.binary(20)),
                    "group": pa.array([r[1] for r in part], pa.string()),
                    "rank": pa.array([r[2] for r in part], pa.binary()),
                    "bytes": pa.array([len(r[3]) for r in part], pa.int64()),
                    "signature": near.signatures(pa.array([r[3] for r in part], pa.binary()), method),
                }
            ),
            path,
        )
        paths.append(path)
    return paths


class Texts:
    """Texts by id that counts what it was asked for."""

    def __init__(self, rows: list[Row]) -> None:
        self.texts = {row[0]: row[3] for row in rows}
        self.asked: list[bytes] = []

    def __call__(self, ids: list[bytes]) -> list[bytes]:
        self.asked += ids
        return [self.texts[i] for i in ids]


Decisions = dict[bytes, tuple[bytes, bytes | None, float | None]]


def read(path: Path) -> Decisions:
    table = pq.read_table(path)
    assert table.schema.equals(near.DECISIONS)
    assert table.column("id").to_pylist() == sorted(table.column("id").to_pylist())
    return {r["id"]: (r["cluster"], r["kept_id"], r["similarity"]) for r in table.to_pylist()}


@pytest.fixture
def decide(tmp_path: Path) -> Callable[..., Decisions]:
    def run(rows: list[Row], method: near.Method, files: int = 1, **more: object) -> Decisions:
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        items = write_items(rows, method, folder, files)
        near.decide(items, folder / "out.parquet", method, Texts(rows), more.pop("run", None), folder / "work", **more)  # type: ignore[arg-type]
        return read(folder / "out.parquet")

    return run


def by_brute_force(rows: list[Row], method: near.Method) -> Decisions:
    """The rule, word for word, over all pairs that share a band key; Jaccard from sets of token tuples."""
    keys = words(near.signatures(pa.array([r[3] for r in rows], pa.binary()), method), method)
    order = sorted(range(len(rows)), key=lambda i: rows[i][2])
    sets = [shingles(r[3]) for r in rows]
    kept: list[int] = []
    dropped: dict[int, tuple[int, float]] = {}
    for i in order:
        for k in kept:
            if rows[k][1] != rows[i][1] or not keys[i, 0] or not keys[k, 0] or not np.any(keys[i, 1:] == keys[k, 1:]):
                continue
            similarity = len(sets[i] & sets[k]) / len(sets[i] | sets[k])
            if similarity >= method.threshold:
                dropped[i] = (k, similarity)
                break
        else:
            kept.append(i)
    clusters: dict[int, list[int]] = {}
    for i, (k, _) in dropped.items():
        clusters.setdefault(k, [k]).append(i)
    out: Decisions = {}
    for k, members in clusters.items():
        name = min(rows[m][0] for m in members)
        for m in members:
            out[rows[m][0]] = (name, None, None) if m == k else (name, rows[k][0], dropped[m][1])
    return out

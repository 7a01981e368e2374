from __future__ import annotations

import pytest

from drystone.release.manifest import FileEntry, IndexFile
from drystone.release.read import Release
from drystone.search.indexes import pieces


def entries(*sizes: int) -> list[FileEntry]:
    return [
        FileEntry(
            path=f"data/Python/train-{at:05}-of-{len(sizes):05}.parquet", bytes=1, sha256=f"{at:064x}", rows=2,
            root="0" * 64, text_bytes=size,
        )
        for at, size in enumerate(sizes)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((), []),
        ((1,), [[0]]),
        ((10, 10, 10), [[0, 1], [2]]),
        ((30, 1, 1), [[0], [1, 2]]),
        ((1, 1, 1, 1), [[0, 1, 2, 3]]),
    ],
)
def test_shards_are_put_together_until_they_fill(
    monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, ...], expected: list[list[int]]
) -> None:
    monkeypatch.setattr(pieces, "SEGMENT_BYTES", 20)
    found = pieces.plan(entries(*sizes))
    assert [[int(entry.sha256, 16) for entry in group] for group in found] == expected


def test_a_segment_over_the_same_shards_stays_though_others_would_fill_it(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "SEGMENT_BYTES", 1)
    apart = [piece for piece in pieces.pieces(release.manifest) if piece.is_segment]
    kept = apart[1]
    file = IndexFile(path=kept.path, bytes=1, sha256="0" * 64, of=tuple(e.path for e in kept.entries))
    monkeypatch.setattr(pieces, "SEGMENT_BYTES", 1 << 40)
    found = [piece for piece in pieces.pieces(release.manifest, [file]) if piece.is_segment]
    assert [piece.path for piece in found] == [kept.path, found[1].path]
    assert len(found[0].entries) == 1
    assert len(found[1].entries) == len(apart) - 1
    other = file.model_copy(update={"path": "index/" + "0" * 32 + ".segment"})
    assert len([piece for piece in pieces.pieces(release.manifest, [other]) if piece.is_segment]) == 1

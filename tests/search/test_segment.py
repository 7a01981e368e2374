from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from drystone.errors import ReleaseError
from drystone.release.read import Release
from drystone.search.index import open_segments, texts
from drystone.search.segment import SECTIONS, STRETCHES, Segment, segment_bytes, table_bytes


def test_stretches_divide_the_texts_at_ends_of_lines(release: Release) -> None:
    longest = 0
    for segment in open_segments(release):
        divided = segment.stretches
        for file, text in texts(segment, release):
            mine = slice(divided.first[file], divided.first[file + 1])
            starts = divided.starts[mine] - segment.starts[file]
            ends = divided.ends[mine] - segment.starts[file]
            assert set(divided.files[mine].tolist()) <= {file}
            assert [0, *ends.tolist()] == [*starts.tolist(), len(text)]
            assert all(text[end - 1] == ord("\n") for end in ends[:-1].tolist())
            longest = max(longest, len(ends))
    assert longest > 1


def test_stretches_that_do_not_divide_the_texts_are_refused(release: Release, tmp_path: Path) -> None:
    segment = open_segments(release)[0]
    lengths = np.diff(segment.stretches.starts, append=0) * 0 + 1
    sections = {name: bytes(segment.section(name)) for name in SECTIONS}
    sections["stretches"] = table_bytes(pa.table([lengths.astype(np.uint32)], schema=STRETCHES))
    path = tmp_path / "other.segment"
    path.write_bytes(b"".join(segment_bytes(segment.name, sections)))
    with pytest.raises(ReleaseError, match="stretches do not divide its files"):
        _ = Segment(path, segment.entries).stretches


def test_names_are_looked_up_alike_before_and_after_their_keys_are_sorted(release: Release) -> None:
    segment = open_segments(release)[0]
    names = segment.names.decode().splitlines()
    for name in [*names, "no such name", names[0][:-1], f"{names[0]}x", names[0].swapcase()]:
        for folded in (False, True):
            segment._looked_up = 0
            early = segment._named(name.encode(), folded).tolist()
            segment._looked_up = 1 << 30
            assert early == segment._named(name.encode(), folded).tolist(), (name, folded)
            key = str.lower if folded else str
            assert early == [at for at, one in enumerate(names) if key(one) == key(name)]

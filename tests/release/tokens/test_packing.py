from __future__ import annotations

import random

import numpy as np

from drystone.release.exports.tokens.documents import FilePart, TokenDocument
from drystone.release.exports.tokens.packing import Packer, Sample


def document(number: int, size: int) -> TokenDocument:
    ids = np.full(size, number, np.uint32)
    return TokenDocument(ids, (FilePart(f"s{number}", "r", "/p", 0, size - 1, None),))


def pack(sizes: list[int], length: int, window: int) -> list[Sample]:
    packer = Packer(length, 0, window)
    found = [sample for number, size in enumerate(sizes) for sample in packer.add(document(number, size))]
    return [*found, *packer.end()]


def test_documents_that_fit_are_whole_and_little_is_padding() -> None:
    chance = random.Random(1)
    sizes = [int(chance.lognormvariate(6, 1.3)) + 1 for _ in range(4000)]
    length = 2048
    for window in (1 << 30, 100_000):
        samples = pack(sizes, length, window)
        cuts = [cut for sample in samples for cut in sample]
        assert all(sum(len(cut.ids) for cut in sample) <= length for sample in samples)
        assert sum(len(cut.ids) for cut in cuts) == sum(sizes)
        of = [int(cut.ids[0]) for cut in cuts]
        assert all(of.count(number) == -(-size // length) for number, size in enumerate(sizes[:300]))
        assert 1 - sum(sizes) / (len(samples) * length) < 0.01
    assert [s[0].ids.tolist() for s in pack(sizes[:50], length, 4096)] == [
        s[0].ids.tolist() for s in pack(sizes[:50], length, 4096)
    ]


def test_what_is_longer_is_cut_and_says_where_it_goes_on() -> None:
    cuts = sorted((cut for sample in pack([100], 40, 1) for cut in sample), key=lambda cut: cut.offsets)
    assert [(len(cut.ids), cut.files[0].tokens, cut.offsets) for cut in cuts] == [
        (40, 40, (0,)),
        (40, 40, (40,)),
        (20, 19, (80,)),
    ]


def test_what_nothing_fits_beside_does_not_gather_in_memory() -> None:
    packer = Packer(1000, 0, window=20_000)
    held = 0
    for number in range(2000):
        held += 700
        held -= sum(len(cut.ids) for sample in packer.add(document(number, 700)) for cut in sample)
        assert held < 20_000
    assert sum(len(cut.ids) for sample in packer.end() for cut in sample) == held

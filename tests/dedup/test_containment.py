"""What a text contains of known ones: measured beside the true share, over texts that are mixed by chance."""

from __future__ import annotations

import random

from drystone.dedup.containment import SAMPLE, THRESHOLD, KnownTexts, sample


def lines(rng: random.Random, count: int) -> list[str]:
    return [f"def f{rng.random()}(a{rng.random()}): return {rng.random()}\n" for _ in range(count)]


def test_the_share_is_measured_within_its_error() -> None:
    rng = random.Random(7)
    known = lines(rng, 600)
    texts = KnownTexts([sample("".join(lines(rng, 600)).encode()), sample("".join(known).encode())])
    for share in (1.0, 0.95, 0.9, 0.85):
        mixed = [*known[: int(600 * share)], *lines(rng, 900)]
        found = texts.contained("".join(mixed).encode())
        assert found is not None, share
        assert found.known == 1
        assert abs(found.share - share) < 0.07  # five standard errors
    for share in (0.6, 0.3, 0.0):
        assert texts.contained("".join([*known[: int(600 * share)], *lines(rng, 900)]).encode()) is None
    assert 0.7 < THRESHOLD < 0.85


def test_short_texts_are_known_by_nothing_and_long_ones_by_a_sample() -> None:
    assert sample(b"import os\n") == b""
    assert len(sample("".join(lines(random.Random(1), 2000)).encode())) == SAMPLE * 8
    assert KnownTexts([]).contained(b"def f(): return 1\n" * 100) is None

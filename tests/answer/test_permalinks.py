from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.answer.permalinks import Permalink, QuoteHash, parse_permalink
from drystone.errors import UsageError
from drystone.identity.swhid import Swhid

WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40)
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)


def link(**changes: object) -> str:
    whole = Permalink(
        "mine", "1.0.0", "0" * 64, Swhid("cnt", "1" * 40, origin="pypi:a", path=b"/a.md", lines=(3, 4)), 5, 9,
        QuoteHash.of(b"word"),
    )  # fmt: skip
    text = str(whole)
    for name, value in changes.items():
        before, _, rest = text.partition(f"{name}=")
        text = before + (f"{name}={value}" if value is not None else "") + "".join(rest.partition("&")[1:])
    return text


@settings(deadline=None)
@given(WORDS, WORDS, HEX, WORDS, WORDS, st.integers(0, 10**12), st.binary(min_size=1, max_size=60))
def test_a_permalink_reads_back_whatever_the_names_are(
    name: str, version: str, root: str, origin: str, path: str, start: int, quote: bytes
) -> None:
    swhid = Swhid("cnt", "a" * 40, origin=origin, path=b"/" + path.encode(), lines=(1, 2))
    made = Permalink(name, version, root, swhid, start, start + len(quote), QuoteHash.of(quote))
    text = str(made)
    assert text.isascii()
    assert text.isprintable()
    assert not set(text) & set(" \"'<>\\{}")
    assert parse_permalink(text) == made
    assert parse_permalink(f"https://example.org/cite?{made.query}&seen=1#top") == made


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a permalink"),
        ("drystone:cite?", "is not a permalink"),
        (link(root=None), "is not a permalink"),
        (link() + "&start=5", "is not a permalink"),
        (link(root="0" * 63), "root is '0+': it reads"),
        (link(quote="g" * 64), "quote is"),
        (link(sum="1"), "sum is"),
        (link(start="-1"), "start is '-1'"),
        (link(end="1e9"), "end is '1e9'"),
        (link(end="5"), "has 0 bytes"),
        (link(end="999999999"), "has 999,999,994 bytes"),
        (link(swhid="swh:1:cnt:12"), "is not a SWHID"),
        (link(swhid="swh:1:dir:" + "1" * 40), "names no content"),
        (link(swhid="swh:1:cnt:" + "1" * 40), "names no content"),
        (link(release="%1b[31m" * 3000), "characters; none has more"),
    ],
    ids=itertools.count(),
)
def test_what_is_no_permalink_is_named(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_permalink(text)


@settings(deadline=None)
@given(st.binary(max_size=300), st.binary(min_size=1, max_size=4), st.data())
def test_a_quote_is_found_by_its_hash_where_it_stands_nearest(filler: bytes, quote: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(filler)))
    near = data.draw(st.integers(0, len(filler)))
    text = filler[:at] + quote + filler[at:]
    places = [n for n in range(len(text)) if text[n : n + len(quote)] == quote]
    assert QuoteHash.of(quote).find(text, near) == min(places, key=lambda n: (abs(n - near), n))
    other = quote + b"\0"
    assert (QuoteHash.of(other).find(text, near) >= 0) == (other in text)


def test_a_quote_is_found_across_blocks_and_behind_places_of_the_same_checksum() -> None:
    quote = b"where it stands"
    text = bytes(range(256)) * (9 << 12)
    for at in ((1 << 20) - 3, (2 << 20) - len(quote), 8 << 20):
        assert QuoteHash.of(quote).find(text[:at] + quote + text[at:], 0) == at


def test_a_text_made_to_be_slow_takes_time_in_proportion() -> None:
    text, quote = b"a" * (4 << 20), b"a" * (1 << 19)
    hashed = QuoteHash.of(quote)
    wrong = QuoteHash(hashed.size, hashed.adler, "0" * 64)
    start = time.process_time()
    assert wrong.find(text, 0) == -1
    assert time.process_time() - start < 5

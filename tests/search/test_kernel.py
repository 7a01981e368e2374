from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.search import _kernel
from drystone.search.definitions import keywords as symbols

_lists = st.dictionaries(
    st.integers(0, 2**40 - 1),
    st.dictionaries(st.integers(0, 299), st.integers(0, 5), min_size=1, max_size=120),
    max_size=80,
)


def in_order(lists: dict[int, dict[int, int]], levels: bool) -> list[tuple[int, list[tuple[int, int]]]]:
    return [(key, [(n, lists[key][n] if levels else 0) for n in sorted(lists[key])]) for key in sorted(lists)]


@settings(max_examples=150, deadline=None)
@given(_lists, st.booleans())
def test_postings_come_back_as_they_were_written(lists: dict[int, dict[int, int]], levels: bool) -> None:
    written = in_order(lists, levels)
    data = np.frombuffer(_kernel.write_postings(written, 300, levels), np.uint8)
    read = _kernel.Postings(data)
    assert read.lists() == written
    assert (read.universe, read.keys) == (300, len(written))
    for key, numbers in written[:20]:
        assert read.numbers(key).tolist() == [n for n, _ in numbers]
    keys = np.array([key for key, _ in written] + [2**40], np.uint64)
    assert read.counts(keys).tolist() == [len(numbers) for _, numbers in written] + [0]


@settings(max_examples=150, deadline=None)
@given(_lists, st.data())
def test_damaged_postings_are_refused_or_read_without_harm(
    lists: dict[int, dict[int, int]], data: st.DataObject
) -> None:
    raw = bytearray(_kernel.write_postings(in_order(lists, True), 300, True))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = _kernel.Postings(np.frombuffer(bytes(raw), np.uint8))
    except ValueError:
        return
    for key, numbers in read.lists()[:1000]:
        found = [n for n, _ in numbers]
        assert found == sorted(set(found))
        assert all(0 <= n < read.universe for n in found)
        read.numbers(key)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_trigrams_are_those_of_the_folded_lines(text: bytes) -> None:
    folded = _kernel.fold(text)
    expected = {line[i : i + 3] for line in folded.split(b"\n") for i in range(len(line) - 2)}
    found = _kernel.trigrams(text).tolist()
    assert {t.to_bytes(3, "big") for t in found} == expected
    assert len(found) == len(expected)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=20))
def test_folding_takes_away_case_and_nothing_else(text: str) -> None:
    folded = _kernel.fold(text.encode()).decode()
    assert len(folded) == len(text)
    for other in (text.upper(), text.lower(), text.swapcase()):
        if len(other) == len(text):
            assert _kernel.fold(other.encode()).decode() == folded
    assert _kernel.fold(folded.encode()).decode() == folded


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("running runs", ["run", "run"]),
        ("HTTPServerError", ["httpservererror", "http", "server", "error"]),
        ("get_user_name", ["getusername", "get", "user", "name"]),
        ("getUserName", ["getusername", "get", "user", "name"]),
        ("__init__", ["init"]),
        ("sha256 x", ["sha256", "x"]),
        ("\u00c9t\u00e9\u2014\u00e9T\u00c9", ["\u00c9t\u00c9", "\u00c9t\u00c9"]),
        ("\u6f22\u5b57\u4eee", ["\u6f22\u5b57", "\u5b57\u4eee"]),
        ("\u5b57", ["\u5b57"]),
        ("a" * 100, ["a" * 64]),
        ("_", []),
    ],
)
def test_terms(text: str, terms: list[str]) -> None:
    assert _kernel.terms(text.encode()).tolist() == [_kernel.term_key(term.encode()) for term in terms]


@settings(max_examples=200, deadline=None)
@given(st.text("ab \n\u00e9", max_size=60).flatmap(lambda piece: st.integers(1, 200).map(lambda n: piece * n)))
def test_passages_divide_a_text_between_characters(text: str) -> None:
    data = text.encode()
    ends = _kernel.passages(data)
    assert ends == sorted(set(ends))
    assert (ends[-1] if ends else 0) == len(data)
    for begin, end in zip([0, *ends][:-1], ends, strict=True):
        assert 0 < end - begin <= 1600
        data[begin:end].decode()


@settings(max_examples=100, deadline=None)
@given(st.text("de f()#=\n:xX@*`", max_size=60).flatmap(lambda piece: st.integers(1, 200).map(lambda n: piece * n)))
def test_passages_of_every_language_divide_a_text(text: str) -> None:
    for family in symbols.families():
        ends = _kernel.passages(text.encode(), list(family.words), family.shapes)
        assert ends == sorted(set(ends))
        assert (ends[-1] if ends else 0) == len(text)
        assert all(end - begin <= 1600 for begin, end in zip([0, *ends], ends, strict=False))


def test_passages_begin_where_parts_of_a_text_do() -> None:
    family = symbols.families()[symbols.family_of("Python")]
    bodies = [f"# says what comes\n@decorated\ndef function_{n}(x):\n" + "    x += 1\n\n" * (62 + n) for n in range(9)]
    text = "".join(bodies).encode()
    ends = set(_kernel.passages(text, list(family.words), family.shapes))
    begins = [sum(map(len, bodies[:n])) for n in range(1, 9)]
    assert ends >= set(begins)
    family = symbols.families()[symbols.family_of("reStructuredText")]
    sections = [f"Part {n}\n======\n\n" + "words of it\n\n" * (62 + n) for n in range(9)]
    ends = set(_kernel.passages("".join(sections).encode(), list(family.words), family.shapes))
    assert ends >= {sum(map(len, sections[:n])) for n in range(1, 9)}


def build(texts: list[bytes], languages: list[str] | None = None) -> _kernel.Built:
    builder = _kernel.Builder(
        len(texts), sum(map(len, texts)), [(list(f.words), f.shapes) for f in symbols.families()],
        symbols.FUNCTION, symbols.HEADING,
    )  # fmt: skip
    lengths = np.array([len(text) for text in texts], np.int64)
    families = np.array([symbols.family_of(name) for name in languages or [""] * len(texts)], np.uint8)
    builder.add(
        np.frombuffer(b"".join(texts) or b" ", np.uint8), np.cumsum(lengths) - lengths, lengths,
        np.arange(len(texts), dtype=np.uint32), families,
    )  # fmt: skip
    for number in range(len(texts)):
        builder.add_path(number, b"/file_%d" % number)
    return builder.finish()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6))
def test_what_is_built_holds_all_terms_and_trigrams(texts: list[bytes]) -> None:
    built = build(texts)
    trigrams = _kernel.Postings(np.frombuffer(built["trigrams"], np.uint8))
    expected: dict[int, list[int]] = {}
    for number, text in enumerate(filter(None, texts)):
        for trigram in _kernel.trigrams(text).tolist():
            expected.setdefault(trigram, []).append(number)
    assert {key: [n for n, _ in numbers] for key, numbers in trigrams.lists()} == expected
    terms = _kernel.Postings(np.frombuffer(built["terms"], np.uint8))
    steps = (1, 2, 3, 5, 9)
    wanted: dict[int, list[tuple[int, int]]] = {}
    for passage, text in enumerate(t for t in texts if t):
        for key, times in sorted(Counter(_kernel.terms(text).tolist()).items()):
            wanted.setdefault(key, []).append((passage, sum(times > step for step in steps)))
    assert dict(terms.lists()) == wanted


def stretches(text: bytes) -> list[bytes]:
    """Whole lines, 4096 bytes or more, and no last one shorter than half of that; as docs/search.md says."""
    found: list[bytes] = []
    while len(text) > 4096 + 2048 and 0 < (end := text.find(b"\n", 4096) + 1) < len(text):
        found.append(text[:end])
        text = text[end:]
    return [*found, text] if text else found


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from([b"abc\n", b"\n", b"x" * 700, b"de " * 500 + b"\n", b"fgh\nij\n" * 300]), max_size=14)
    )
)
def test_postings_of_trigrams_are_of_stretches(parts: list[list[bytes]]) -> None:
    texts = [b"".join(some) for some in parts]
    built = build(texts)
    cut = [stretches(text) for text in texts]
    flat = [one for some in cut for one in some]
    assert built["stretch_bytes"].tolist() == [len(one) for one in flat]
    trigrams = _kernel.Postings(np.frombuffer(built["trigrams"], np.uint8))
    division = _kernel.Division(np.cumsum([0, *map(len, cut)]).astype(np.uint32))
    held = [set(_kernel.trigrams(one).tolist()) for one in flat]
    of = np.repeat(np.arange(len(cut)), [len(some) for some in cut]).tolist()
    for asked in ([b"abc"], [b"abc", b"de "], [b"xxx", b"fgh", b"abc"]):
        keys = [int.from_bytes(one, "big") for one in asked]
        words = np.array([1 << 31 | len(keys), *keys], np.uint32)
        most = len(flat) + 1
        assert trigrams.candidates(words, None, most).tolist() == [n for n, one in enumerate(held) if one >= set(keys)]
        files = [{of[n] for n, one in enumerate(held) if key in one} for key in keys]
        assert trigrams.candidates(words, division, most).tolist() == sorted(set.intersection(*files))
        assert set(trigrams.candidates(words).tolist()) >= {n for n, one in enumerate(held) if one >= set(keys)}
    with pytest.raises(ValueError, match="stretches of files"):
        trigrams.candidates(words, _kernel.Division(np.array([0, len(flat) + 1], np.uint32)))


def test_what_is_no_formula_is_refused() -> None:
    postings = _kernel.Postings(np.frombuffer(_kernel.write_postings([(5, [(0, 0)])], 1, False), np.uint8))
    for words in ([], [1 << 31 | 2, 5], [5, 5], [1 << 25], [1 << 31 | 1] * 100):
        with pytest.raises(ValueError, match="formula"):
            postings.candidates(np.array(words, np.uint32))


def test_arguments_that_leave_their_buffer_are_refused() -> None:
    builder = _kernel.Builder(1, 0, [([], 0)], 5, 13)
    one = np.zeros(1, np.int64)
    with pytest.raises(ValueError, match="leaves its buffer"):
        builder.add(np.zeros(3, np.uint8), one, one + 4, one.astype(np.uint32), one.astype(np.uint8))
    with pytest.raises(ValueError, match="family"):
        builder.add(np.zeros(3, np.uint8), one, one, one.astype(np.uint32), np.ones(1, np.uint8))
    with pytest.raises(ValueError, match="inside a value"):
        _kernel.plain_values(np.zeros(3, np.uint8), 0, 1)
    with pytest.raises(ValueError, match="leaves its page"):
        _kernel.plain_values(np.full(8, 255, np.uint8), 0, 1)

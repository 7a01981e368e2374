from __future__ import annotations

import time

import pytest

from drystone.release.read import Release
from drystone.search.results.found import Found
from drystone.search.results.lines import MOST_SHOWN, MOST_SPANS
from drystone.search.search import Searcher
from tests.release.sample import Row
from tests.search.conftest import write

TEXT = "first = 'é😀 needle needle'\r\n\n\tneedle\nlast needle"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Release:
    from drystone.search import index

    rows = [
        Row("own/one", "/text.py", TEXT.encode(), "Python"),
        Row("own/one", "/other.py", b"pass\n", "Python"),
        Row("own/one", "/late.py", b"mortar(1)\n" * 30 + b"\n\ndef mortar(x):\n    return mortar\n", "Python"),
        Row("own/one", "/long.txt", ("é" * 1000 + "needle" + "z" * 1000).encode(), "Text"),
        Row("own/one", "/many.txt", b"q" * 30_000_000 + b"\nneedle q\n", "Text"),
    ]
    release = write(tmp_path_factory.mktemp("lines") / "release", rows)
    index.build(release)
    return release


def one(release: Release, query: str, context: int = 0) -> Found:
    [found] = Searcher([release]).search(query, context=context)
    return found


def test_spans_are_characters_of_the_line_and_bytes_of_the_file(made: Release) -> None:
    found = one(made, "file:text needle")
    assert [line.number for line in found.lines] == [1, 3, 4]
    assert [line.text for line in found.lines] == ["first = 'é😀 needle needle'", "\tneedle", "last needle"]
    for line in found.lines:
        assert [line.text[a:b] for a, b in line.spans] == ["needle"] * len(line.spans)
        assert [TEXT.encode()[a:b] for a, b in line.byte_spans] == [b"needle"] * len(line.spans)
        assert not line.cut
        assert line.column == 0
    assert found.swhid.endswith(";lines=1-4")


def test_a_long_line_is_cut_around_its_first_match(made: Release) -> None:
    [line] = one(made, "file:long needle").lines
    assert line.cut
    assert len(line.text.encode()) <= MOST_SHOWN
    [(begin, end)] = line.spans
    assert line.text[begin:end] == "needle"
    assert line.column + begin == 1000
    assert line.byte_spans == ((2000, 2006),)


def test_a_line_of_which_every_character_matches_costs_its_beginning(made: Release) -> None:
    before = time.process_time()
    found = one(made, "file:many content:q")
    assert time.process_time() - before < 2
    assert [line.number for line in found.lines] == [1, 2]
    assert 0 < len(found.lines[0].spans) <= MOST_SPANS
    assert found.lines[0].cut
    assert [found.lines[1].text[a:b] for a, b in found.lines[1].spans] == ["q"]


def test_lines_around_have_no_spans(made: Release) -> None:
    found = one(made, 'file:text c:"last"', context=2)
    assert [(line.number, bool(line.spans)) for line in found.lines] == [(2, False), (3, False), (4, True)]


def test_the_line_that_defines_a_word_is_shown_wherever_it_stands(made: Release) -> None:
    [found] = Searcher([made]).search("mortar", lines=3)
    assert found.why == "definition"
    assert [line.number for line in found.lines] == [1, 2, 33]
    assert [found.lines[2].text[a:b] for a, b in found.lines[2].spans] == ["mortar"]
    assert found.more

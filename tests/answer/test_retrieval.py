from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drystone.answer import retrieval
from drystone.answer.retrieval import Retriever, of_text
from drystone.errors import ReleaseError, UsageError
from drystone.release.read import Release, open_release
from drystone.search import index
from drystone.search.query import QueryError
from tests.answer.conftest import COPY, GUIDE
from tests.release.sample import Row, write_sample


@pytest.mark.parametrize("indexed", [True, False])
def test_the_piece_with_the_words_comes_first(make: Callable[..., Release], indexed: bool) -> None:
    made = make({"/guide.rst": GUIDE, "/history.md": COPY}, indexed=indexed)
    first = Retriever([made]).find("How many workers are there by default?", "")[0]
    assert "How many processes serve requests" in first.text
    whole = first.stretch.text
    assert whole[first.start : first.start + len(first.text)].split()[:2] == ["..", "option::"]
    assert GUIDE.encode()[first.stretch.start :].startswith(whole.encode())


def test_words_that_are_nowhere_make_all_pieces_less_near(release: Release) -> None:
    (known, *_), (unknown, *_) = (
        Retriever([release]).find(question, "")
        for question in ("Who cut the keystone?", "Who cut the qwertzuiop keystone?")
    )
    assert known.near > unknown.near + 0.1


def test_where_chooses_files(release: Release) -> None:
    found = Retriever([release]).find("Who cut the keystone?", "file:history")
    assert found
    assert {piece.stretch.text for piece in found} == {COPY}


def test_a_release_without_an_index_says_how_to_make_one(
    make: Callable[..., Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make({"/guide.rst": GUIDE}, indexed=False)
    with pytest.raises(UsageError, match="drystone index"):
        Retriever([made]).find("Who?", "lang:markdown")
    monkeypatch.setattr(retrieval, "SCANNED", 100)
    with pytest.raises(ReleaseError, match=r"has no index, and too much text .*; run drystone index"):
        Retriever([made]).find("Who?", "")


def test_no_words_and_no_text_find_nothing_near(release: Release) -> None:
    assert all(piece.near < 0.5 for piece in Retriever([release]).find("?!", ""))
    assert of_text(" \n", "Who?") == []


@pytest.mark.parametrize(("where", "column"), [("foo (bar", 5), ("foo) or (bar", 4), ("lang:pythn", 6)])
def test_a_wrong_query_is_told_as_it_was_written(release: Release, where: str, column: int) -> None:
    with pytest.raises(QueryError) as wrong:
        Retriever([release]).find("Who cut the keystone?", where)
    assert wrong.value.column == column


def test_a_repository_that_is_named_goes_first(tmp_path: Path) -> None:
    text = b"# Serving\n\nThe server listens on port 8080.\n"
    rows = [Row("pypi/click", "/a.md", text, "Markdown"), Row("pypi/flask", "/b.md", text + b"Or not.\n", "Markdown")]
    write_sample(tmp_path / "release", rows)
    index.build(open_release(tmp_path / "release"))
    retriever = Retriever([open_release(tmp_path / "release")])
    for name, row in (("click", rows[0]), ("Flask's", rows[1])):
        (first, *_) = retriever.find(f"On which port does {name} server listen?", "")
        assert first.stretch.text.encode() == row.data

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drystone.answer import verbs
from drystone.answer.shapes import CitedAnswers
from drystone.errors import ModelError, ReleaseError, UsageError
from drystone.reader import Reader
from drystone.release.read import Release
from tests.answer.conftest import COPY, GUIDE

TEXTS = {"/guide.rst": GUIDE, "/history.md": COPY}


def stands(found: CitedAnswers) -> None:
    for answer in found.answers:
        for one in answer.citations:
            assert TEXTS[one.path].encode()[slice(*one.bytes)].decode() == one.quote
        assert answer.text == answer.citations[0].quote


@pytest.mark.parametrize("indexed", [True, False])
def test_answers_are_cited_and_equal_ones_are_one_with_all_places(
    make: Callable[..., Release], mini: Reader, indexed: bool
) -> None:
    made = make(TEXTS, indexed=indexed)
    found = verbs.ask_releases([made], "Who cut the keystone?", model=mini)
    stands(found)
    assert [answer.text for answer in found.answers] == ["Ada Mason"]
    assert sorted(one.path for one in found.answers[0].citations) == ["/guide.rst", "/history.md"]
    port = verbs.ask_releases([made], "On which port does the server listen?", model=mini)
    stands(port)
    assert [answer.text for answer in port.answers] == ["8080"]


def test_what_a_release_does_not_say_is_not_found(release: Release, mini: Reader) -> None:
    found = verbs.ask_releases([release], "Which planet was cut by the largest moons?", model=mini)
    assert not found.found
    nearest = verbs.ask_releases([release], "Which planet was cut by the largest moons?", model=mini, least=0)
    assert nearest.found
    assert nearest.answers[0].score < 0.5


def test_whatever_a_reader_says_every_quote_stands(release: Release, small: Path) -> None:
    for question in ("Who?", "Wer schnitt den Schlussstein?", "?!", "日本語の質問", "the " * 40):
        found = verbs.ask_releases([release], question, model=small, top_k=10, least=0)
        stands(found)
        assert len({answer.text for answer in found.answers}) == len(found.answers)
        assert [a.score for a in found.answers] == sorted((a.score for a in found.answers), reverse=True)


def test_a_question_that_is_none_is_refused(release: Release, small: Path) -> None:
    for question in ("", " \n"):
        with pytest.raises(UsageError, match="the question is empty"):
            verbs.ask_releases([release], question, model=small)
    with pytest.raises(UsageError, match=r"10,000 characters; at most 1,000"):
        verbs.ask_releases([release], "x" * 10_000, model=small)
    with pytest.raises(UsageError, match="context: is empty"):
        verbs.ask_text("Who?", " ", model=small)


def test_a_long_text_is_read_in_pieces(mini: Reader) -> None:
    filler = "\n\n".join(f"Wall {n} has {n * 7} stones of granite, and nobody counted them twice." for n in range(400))
    text = filler + "\n\n" + GUIDE + "\n\n" + filler
    (found,) = verbs.ask_text("Who cut the keystone?", text, model=mini)
    assert found.text == "Ada Mason"
    assert text[found.start : found.end] == found.text


def test_an_index_of_another_release_is_told(make: Callable[..., Release], small: Path) -> None:
    own, other = make({"/guide.rst": GUIDE}), make({"/history.md": COPY})
    for file in (own.path / "index").iterdir():
        (same,) = (one for one in (other.path / "index").iterdir() if one.suffix == file.suffix)
        file.write_bytes(same.read_bytes())
    with pytest.raises(ReleaseError, match=r"made for other shards. Run drystone index again"):
        verbs.ask_releases([own], "Who cut the keystone?", model=small)


def test_a_model_that_is_missing_is_named(release: Release, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        verbs.ask_releases([release], "Who cut the keystone?", model=tmp_path / "nowhere")

from __future__ import annotations

from pathlib import Path

import pytest

import drystone
from drystone.answer import verbs
from drystone.errors import UsageError
from drystone.reader import Reader
from drystone.release.read import Release


def test_an_opened_release_answers_as_the_verb_does(release: Release, mini: Reader) -> None:
    opened = drystone.open_release(release.path)
    for question in ("Who cut the keystone?", "How many processes serve requests by default?"):
        found = opened.ask(question, model=mini, top_k=3, least=0.2)
        assert found == verbs.ask_releases([release], question, model=mini, top_k=3, least=0.2)
        assert found.found
    assert opened.ask("Who cut the keystone?", model=mini, where="file:history").answers[0].citations[0].path == (
        "/history.md"
    )


def test_a_model_that_was_named_is_loaded_once(release: Release, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    load = Reader.load
    monkeypatch.setattr(Reader, "load", lambda model, **options: loaded.append(model) or load(model, **options))
    opened = drystone.open_release(release.path)
    for _ in range(2):
        opened.ask("Who?", model=str(small))
    assert loaded == [str(small)]
    with pytest.raises(UsageError, match="the question is empty"):
        opened.ask(" ", model=str(small))

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.catalog.finding import import_from, passport_of
from drystone.catalog.passports.reading import json_of
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import UsageError
from tests.catalog.passports.made import passport
from tests.release.sample import Row, write_sample


def test_what_lies_at_a_path_says_what_it_is(tmp_path: Path) -> None:
    write_sample(tmp_path / "release", [Row("pypi/click", "/a.md", b"# One\n", "Markdown", license="MIT")])
    assert import_from(str(tmp_path / "release")).passport.artifact.kind == "dataset"
    (tmp_path / "card.md").write_text("---\npipeline_tag: question-answering\n---\n")
    assert import_from(str(tmp_path / "card.md"), "some").passport.artifact.name == "some"
    (tmp_path / "one.json").write_bytes(json_of(passport("one")))
    assert import_from(str(tmp_path / "one.json")).passport == passport("one")


def test_a_card_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_bytes(b"---\npipeline_tag: question-answering\nlicense: \xff\n---\n")
    with pytest.raises(UsageError, match="is not UTF-8"):
        import_from(str(tmp_path / "card.md"))


def test_what_is_nothing_known_is_refused(tmp_path: Path) -> None:
    for name in ("nothing", ".", "a\x1b[31m.txt"):
        with pytest.raises(UsageError, match="is no release, reader, card"):
            import_from(str(tmp_path / name))


def test_a_path_that_is_there_goes_before_near_names(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes(json_of(passport("one")))
    with Shelf() as shelf:
        assert passport_of(str(tmp_path / "one.json"), shelf).passport == passport("one")
        with pytest.raises(UsageError, match="no artifact of this name"):
            passport_of(str(tmp_path / "two.json"), shelf)

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


def test_each_form_is_told_from_the_others(tmp_path: Path) -> None:
    texts = {
        "croissant.json": '{"conformsTo": "http://mlcommons.org/croissant/1.0", "name": "a"}',
        "unfragile.yml": "artifact: {name: a, type: dataset}\n",
        "passport.json": '{"passport": {"unfragile": {"artifact": {"name": "a", "type": "dataset"}}}}',
        "eval.json": '{"evaluation_results": [{"source_data": {"dataset_name": "squad"}, "evaluation_name": "f1", '
        '"metric_config": {"max_score": 100}, "score_details": {"score": 80}}], '
        '"schema_version": "0.2", "model_info": {"id": "a"}}',
        "hub/README.md": "---\npipeline_tag: question-answering\n---\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        assert import_from(str(tmp_path / name.removesuffix("/README.md")), "a").passport.artifact.name == "a", name


def test_what_no_passport_holds_names_its_field(tmp_path: Path) -> None:
    (tmp_path / "unfragile.yml").write_text('artifact: {name: a, type: dataset, url: "a\\u001bb"}\n')
    with pytest.raises(UsageError, match=r"unfragile.yml: url: holds"):
        import_from(str(tmp_path / "unfragile.yml"))


def test_what_is_nothing_known_is_refused(tmp_path: Path) -> None:
    for name in ("nothing", ".", "a\x1b[31m.txt"):
        with pytest.raises(UsageError, match="is no release, reader, folder of Parquet"):
            import_from(str(tmp_path / name))


def test_a_path_that_is_there_goes_before_near_names(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes(json_of(passport("one")))
    with Shelf() as shelf:
        assert passport_of(str(tmp_path / "one.json"), shelf).passport == passport("one")
        with pytest.raises(UsageError, match="no artifact of this name"):
            passport_of(str(tmp_path / "two.json"), shelf)

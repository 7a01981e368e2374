"""Questions over real documentation: this project's own pages and the standard library's docstrings."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from drystone.errors import UsageError
from drystone.reader.questions.documentation import TextPage, examples, generate, write
from drystone.reader.training.data import hold_out, read_data
from tests.reader.questions.asked import asked_of

DOCS = Path(__file__).parents[3] / "docs"
STDLIB = Path(sysconfig.get_paths()["stdlib"])


def test_real_documentation_becomes_data_to_train_on(tmp_path: Path) -> None:
    out = tmp_path / "data.json"
    count = write([DOCS, STDLIB / "email", STDLIB / "argparse.py"], "Apache-2.0 AND PSF-2.0", out)
    data = read_data(out)
    assert len(data.examples) == count > 40
    assert data.license == "Apache-2.0 AND PSF-2.0"
    assert all(e.start is not None and e.context[e.start : e.end] == e.golds[0] for e in data.examples)
    kept, held = hold_out(data, 0.3)
    assert {e.title for e in kept.examples}.isdisjoint(e.title for e in held)


def test_the_same_files_give_the_same_data() -> None:
    assert generate([DOCS], "Apache-2.0") == generate([DOCS], "Apache-2.0")


def test_headings_ask_and_are_blanked() -> None:
    text = "# How to install\n\nRun `pip install x` once. Then restart.\n\n```\n# Not a heading\nno.\n```\n"
    (example,) = examples([TextPage("a.md", text)])
    assert (example.question, example.golds) == ("How do I install?", ("Run  pip install x  once.",))
    assert "How to install" not in example.context
    page = "Where it writes\n===============\n\nIt writes to the :ref:`cache <c>` folder. Nothing else is written.\n"
    (asked,) = asked_of("b.rst", page).items()
    assert asked[0] == "Where it writes?"
    assert asked[1].split() == ["It", "writes", "to", "the", "cache", "folder."]


def test_definitions_versions_and_errors_ask() -> None:
    text = "Granite is a tool for counting stones. It requires Python 3.9 or newer.\n\nThis is a note on it.\n"
    assert asked_of("a.md", text) == {
        "What is Granite?": "a tool for counting stones",
        "Which version of Python is needed?": "Python 3.9 or newer",
    }
    raised = ":raises StoneError: If the stone is too heavy to lift.\n"
    assert asked_of("a.rst", raised)["Which error is raised if the stone is too heavy to lift?"] == "StoneError"


def test_nothing_to_ask_and_no_licence_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("no heading here\n")
    with pytest.raises(UsageError, match="no heading, option"):
        generate([tmp_path], "MIT")
    with pytest.raises(UsageError, match="license: name"):
        generate([DOCS], " ")
    with pytest.raises(UsageError, match="no such file"):
        generate([tmp_path / "missing"], "MIT")

"""Questions over real documentation: this project's own pages and the standard library's docstrings."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from drystone.errors import UsageError
from drystone.reader.questions.documentation import TextPage, examples, generate, write
from drystone.reader.training.data import hold_out, read_data

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


def _asked(path: str, text: str) -> dict[str, str]:
    found = examples([TextPage(path, text)])
    for e in found:
        assert e.start is not None and e.context[e.start : e.end] == e.golds[0]
        assert e.title == path
    return {e.question: e.golds[0] for e in found}


def test_headings_ask_and_are_blanked() -> None:
    text = "# How to install\n\nRun `pip install x` once. Then restart.\n\n```\n# Not a heading\nno.\n```\n"
    (example,) = examples([TextPage("a.md", text)])
    assert (example.question, example.golds) == ("How do I install?", ("Run  pip install x  once.",))
    assert "How to install" not in example.context
    page = "Where it writes\n===============\n\nIt writes to the :ref:`cache <c>` folder. Nothing else is written.\n"
    (asked,) = _asked("b.rst", page).items()
    assert asked[0] == "Where it writes?"
    assert asked[1].split() == ["It", "writes", "to", "the", "cache", "folder."]


def test_options_settings_and_variables_ask_for_their_names_and_defaults() -> None:
    listed = _asked(
        "a.md", "- `--limit`: Most rows to print. Defaults to `20`.\n- `LOG_PATH`: The file that is written.\n"
    )
    assert listed["Which environment variable is the file that is written?"] == "LOG_PATH"
    assert listed["What is the default of --limit?"] == "20"
    table = "| Name | Meaning |\n|---|---|\n| `--deep` | Reads every byte again |\n"
    assert _asked("a.md", table)["Which option reads every byte again?"] == "--deep"
    directive = ".. confval:: pages.width\n   :type: int\n\n   Sets the width of a printed page.\n"
    assert _asked("a.rst", directive)["Which setting sets the width of a printed page?"] == "pages.width"
    assert _asked("a.txt", "SIZE_LIMIT\n----------\n\nDefault: ``2048``\n") == {
        "What is the default of SIZE_LIMIT?": "2048"
    }


def test_definitions_versions_and_errors_ask() -> None:
    text = "Granite is a tool for counting stones. It requires Python 3.9 or newer.\n\nThis is a note on it.\n"
    assert _asked("a.md", text) == {
        "What is Granite?": "a tool for counting stones",
        "Which version of Python is needed?": "Python 3.9 or newer",
    }
    raised = ":raises StoneError: If the stone is too heavy to lift.\n"
    assert _asked("a.rst", raised)["Which error is raised if the stone is too heavy to lift?"] == "StoneError"


_SOURCE = '''"""Weighs stones — é."""
import os

CACHE = os.environ.get("STONES_CACHE", "/var/stones")


def weigh(stone, scale="kitchen", tries=3):
    """Return the weight of a stone.

    :param tries: Number of times to weigh it, default 3
    """
    if not stone:
        raise ValueError("there is no stone to weigh")


parser.add_argument("-u", "--unit", default="gram", help="Prints the weight in this unit")
'''


def test_code_asks_for_functions_options_defaults_and_errors() -> None:
    assert _asked("weigh.py", _SOURCE) == {
        "Which function returns the weight of a stone?": "weigh",
        "Which parameter is number of times to weigh it?": "tries",
        "What is tries?": "Number of times to weigh it",
        "What is the default of tries?": "3",
        "What is the default of scale in weigh?": "kitchen",
        "What is the default of tries in weigh?": "3",
        'Which error says "there is no stone to weigh"?': "ValueError",
        "Which option prints the weight in this unit?": "--unit",
        "What is the default of --unit?": "gram",
        "What is used where the environment variable STONES_CACHE is not set?": "/var/stones",
    }
    assert _asked("broken.py", "def f(:\n") == {}
    assert _asked("odd.py", _SOURCE.replace("\n", "\r\n")).keys() <= _asked("odd.py", _SOURCE).keys()


def test_nothing_to_ask_and_no_licence_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("no heading here\n")
    with pytest.raises(UsageError, match="no heading, option"):
        generate([tmp_path], "MIT")
    with pytest.raises(UsageError, match="license: name"):
        generate([DOCS], " ")
    with pytest.raises(UsageError, match="no such file"):
        generate([tmp_path / "missing"], "MIT")

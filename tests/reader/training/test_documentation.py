"""Questions over real documentation: this project's own pages and the standard library's docstrings."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from drystone.errors import UsageError
from drystone.reader.training.data import hold_out, read_data
from drystone.reader.training.documentation import generate, write

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


def test_headings_and_docstrings_ask(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "# How to install\n\nRun `pip install x` once. Then restart.\n\n```\n# Not a heading\nno.\n```\n\n"
        "## What it needs\n\n- a list\n\nA processor with [AVX2](http://x) is needed. More helps.\n"
    )
    (tmp_path / "b.rst").write_text("Where it writes\n===============\n\nIt writes to the :ref:`cache <c>` folder.\n")
    (tmp_path / "c.py").write_text(
        'def f():\n    """Return the sum.\n\n    Overflow raises an error. Really.\n    """\n'
    )
    (tmp_path / "broken.py").write_text("def f(:\n")
    articles = generate([tmp_path], "MIT")["data"]
    assert isinstance(articles, list)
    found = {p["qas"][0]["question"]: p["qas"][0]["answers"][0]["text"] for a in articles for p in a["paragraphs"]}
    assert found == {
        "How to install": "Run pip install x once.",
        "What it needs": "A processor with AVX2 is needed.",
        "Where it writes": "It writes to the cache folder.",
        "Return the sum": "Overflow raises an error.",
    }
    assert "How to install" not in articles[0]["paragraphs"][0]["context"]
    assert "What it needs" in articles[0]["paragraphs"][0]["context"]


def test_nothing_to_ask_and_no_licence_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("no heading here\n")
    with pytest.raises(UsageError, match="no heading or docstring"):
        generate([tmp_path], "MIT")
    with pytest.raises(UsageError, match="license: name"):
        generate([DOCS], " ")
    with pytest.raises(UsageError, match="no such file"):
        generate([tmp_path / "missing"], "MIT")

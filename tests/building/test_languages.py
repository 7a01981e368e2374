"""Languages in a build: what says so, how sure is enough, what .gitattributes says, near duplicates of guesses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from drystone import building as room
from drystone.building.settings import Settings, sources_from_arguments
from drystone.cli import cli
from drystone.release.checking.verify import verify
from drystone.release.inspection.stats import stats
from drystone.release.read import Release, open_release
from drystone.search.verbs import search_ledger
from drystone.work.engine import Engine
from tests.building.conftest import MIT, notebook, program, write

C = '#include <stdio.h>\n\nint main(void)\n{{\n    printf("{0} %d\\n", {0});\n    return 0;\n}}\n'
ATTRIBUTES = """*.inc linguist-language=PHP
lib/* linguist-vendored
made.py linguist-generated
*.pb.py -linguist-generated
guide/** linguist-documentation
"""


def build(folder: Path, output: Path, **settings: Any) -> Release:
    chosen = Settings.model_validate(settings)
    room.build(chosen, sources_from_arguments((str(folder),)), output, Engine(threads=1))
    assert verify(output).holds
    return open_release(output)


def ledger(release: Release) -> dict[str, dict[str, Any]]:
    return {row["path"]: row for batch in release.ledger() for row in batch.to_pylist()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("source") / "gates"
    write(
        root,
        {
            "LICENSE": MIT,
            ".gitattributes": ATTRIBUTES,
            "src/.gitattributes": "*.inc linguist-language=Pascal\n",
            "plain.py": program("plain"),
            "a.inc": program("first"),
            "src/b.inc": program("second"),
            "lib/c.py": program("third"),
            "made.py": program("made"),
            "guide/d.py": program("fourth"),
            "hello": C.format("hello"),
            "tool": "#!/usr/bin/env python3\n" + program("tool"),
            "names": "north gate\nsouth gate\neast gate\nwest gate\n",
            "sketch.ipynb": notebook("x = 1\n%matplotlib inline\n" + program("cell")),
        },
    )
    return root


@pytest.fixture(scope="module")
def release(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    return build(folder, tmp_path_factory.mktemp("built") / "release")


def test_the_ledger_says_what_a_language_rests_on(release: Release) -> None:
    found = {
        path: (row["language"], row["language_evidence"], row["decision"]) for path, row in ledger(release).items()
    }
    expected = {
        "/plain.py": ("Python", "name", "kept"),
        "/tool": ("Python", "shebang", "kept"),
        "/hello": ("C", "content", "kept"),
        "/names": (None, None, "dropped"),
        "/a.inc": ("PHP", "attributes", "kept"),
        "/src/b.inc": ("Pascal", "attributes", "kept"),
    }
    assert {path: found[path] for path in expected} == expected
    assert ledger(release)["/a.inc"]["language_confidence"] == 1
    assert 0.8 <= ledger(release)["/hello"]["language_confidence"] < 1


def test_attributes_set_flags_and_generated_files_fall(release: Release) -> None:
    rows = ledger(release)
    assert rows["/made.py"]["reason"] == "generated"
    data: dict[str, Any] = {
        row["path"]: row for row in release.files(columns=["path", "is_vendor", "is_documentation"])
    }
    assert data["/lib/c.py"]["is_vendor"]
    assert data["/guide/d.py"]["is_documentation"]
    assert not data["/plain.py"]["is_vendor"]


def test_a_notebook_says_the_language_of_its_script(release: Release) -> None:
    data: dict[str, Any] = {row["path"]: row for row in release.files(columns=["path", "language", "script_language"])}
    assert (data["/sketch.ipynb"]["language"], data["/sketch.ipynb"]["script_language"]) == (
        "Jupyter Notebook",
        "Python",
    )
    assert data["/plain.py"]["script_language"] is None


def test_how_sure_is_enough_is_a_setting_and_the_evidence_names_the_guess(folder: Path, tmp_path: Path) -> None:
    strict = build(folder, tmp_path / "strict", languages={"least_confidence": 0.95})
    row = ledger(strict)["/hello"]
    assert (row["decision"], row["reason"], row["language"]) == ("dropped", "unknown_language", None)
    said = json.loads(row["evidence"])
    assert said["guess"] == "C"
    assert said["confidence"] < said["least"] == 0.95
    assert ledger(strict)["/plain.py"]["decision"] == "kept"


def test_files_whose_language_is_a_guess_are_compared_with_each_other_only(tmp_path: Path) -> None:
    body = "".join(f"    total += weight_{i} * height_{i};\n" for i in range(60))
    text = C.format("gate").replace("    return 0;\n", body + "    return 0;\n")
    near = text.replace("weight_1 ", "weight_one ")
    root = tmp_path / "gates"
    write(root, {"LICENSE": MIT, "gate.c": text, "gate": near, "hinge": near.replace("height_2;", "height_two;")})
    release = build(root, tmp_path / "release")
    found = {path: (row["decision"], row["language_evidence"]) for path, row in ledger(release).items()}
    assert found["/gate.c"] == ("kept", "name")
    assert sorted((found["/gate"], found["/hinge"])) == [("dropped", "content"), ("kept", "content")]


def test_no_language_is_a_state_of_its_own_in_every_face(release: Release) -> None:
    counted = {share.name: (share.kept, share.dropped) for share in stats(release).languages}
    assert counted["none"] == (0, 1)
    assert "unknown" not in counted
    found = search_ledger([release], "kept:no lang:none reason:language")
    assert [one.path for one in found] == ["/names"]
    shown = CliRunner().invoke(cli, ["why", str(release.path), "/hello"]).output
    assert "C (by content, confidence 0." in shown
    assert "none is settled" in CliRunner().invoke(cli, ["why", str(release.path), "/names"]).output

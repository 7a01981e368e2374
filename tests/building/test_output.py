"""Where a release may be built: in an empty folder, over a release, where a build was cut short."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import drystone
from drystone.building.output import INCOMPLETE, check_output
from drystone.errors import BuildError
from drystone.release import layout
from drystone.release.read import Release, open_release
from drystone.work.engine import Silent
from tests.building.conftest import MIT, program, write


@pytest.mark.parametrize("there", [None, "", layout.MANIFEST, INCOMPLETE])
def test_a_new_folder_a_release_and_an_unfinished_build_are_taken(there: str | None, tmp_path: Path) -> None:
    output = tmp_path / "release"
    if there is not None:
        output.mkdir()
        if there:
            (output / there).touch()
    check_output(output)


def test_what_is_somebody_elses_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(BuildError, match="is not a release and not empty; choose another folder"):
        check_output(tmp_path)
    with pytest.raises(BuildError, match="is a file; choose a folder"):
        check_output(tmp_path / "thesis.tex")


class Begun(Silent):
    """Notes which stages begin."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def start(self, stage: str, total: float, done: float) -> None:
        self.names.append(stage)


def test_a_name_and_number_stand_for_one_root(tmp_path: Path) -> None:
    write(tmp_path / "walls", {"LICENSE": MIT, "wall.py": program("wall"), "gate.py": program("gate")})
    output, begun = tmp_path / "corpus", Begun()

    def build(**asked: Any) -> Release:
        settings = {"near_duplicates": {"threshold": asked.pop("threshold", 0.7)}}
        told: dict[str, Any] = {"name": "corpus", "threads": 1, "progress": begun}
        return drystone.build([tmp_path / "walls"], output, settings=settings, **{**told, **asked})

    first = build().root
    assert build().root == first, "the same again is the same"
    begun.names.clear()
    for replace in (False, True):
        with pytest.raises(
            BuildError, match=rf"corpus 1\.0\.0 is another release already: root {first}.*--version 2\.0\.0"
        ):
            build(threshold=0.8, replace=replace)
    with pytest.raises(BuildError, match=r"holds another complete release; .*--update"):
        build(name="other")
    assert begun.names == [], "the work was not begun"
    repositories = output / "repositories.parquet"
    whole = repositories.read_bytes()
    repositories.write_bytes(whole[:-9])
    with pytest.raises(BuildError, match=r"holds corpus 1\.0\.0, which is damaged.*repositories\.parquet"):
        build(replace=True)
    repositories.write_bytes(whole)
    (tmp_path / "walls" / "sill.py").write_text(program("sill"))
    with pytest.raises(BuildError, match=r"is another release already.*--version 1\.1\.0"):
        build(replace=True)
    assert drystone.verify(output, root=first).holds, "what was there is there"
    assert build(replace=True, version="1.1.0").root != first
    # What nobody gave a name is replaced as before.
    unnamed = {"name": None, "replace": True}
    assert build(**unnamed).root != build(**unnamed, threshold=0.9).root


def test_a_registry_knows_which_names_are_taken(tmp_path: Path) -> None:
    write(tmp_path / "walls", {"LICENSE": MIT, "wall.py": program("wall"), "gate.py": program("gate")})
    registry, begun = drystone.init_registry(str(tmp_path / "registry.sqlite")), Begun()

    def build(folder: str, **asked: Any) -> Release:
        told: dict[str, Any] = {"name": "corpus", "threads": 1, "progress": begun, "registry": registry}
        settings = {"near_duplicates": {"threshold": asked.pop("threshold", 0.7)}}
        return drystone.build([tmp_path / "walls"], tmp_path / folder, settings=settings, **{**told, **asked})

    first = build("one").root
    assert build("two").root == first, "the same again is the same, wherever it lies"
    begun.names.clear()
    with pytest.raises(
        BuildError, match=rf"is another release already: root {first}, by the registry.*--version 1\.0\.1"
    ):
        build("three", threshold=0.8)
    assert begun.names == [], "the work was not begun"
    (tmp_path / "walls" / "sill.py").write_text(program("sill"))
    with pytest.raises(BuildError, match=r"is another release already.*by the registry"):
        build("three")
    assert not (tmp_path / "three" / layout.MANIFEST).exists()
    assert build("three", version="1.1.0").root != first
    (tmp_path / "walls" / "step.py").write_text(program("step"))
    with pytest.raises(BuildError, match=r"corpus 1\.1\.0 is another release already.*by the registry"):
        drystone.build([], tmp_path / "four", update=tmp_path / "one", registry=registry, threads=1, version="1.1.0")
    again = {"update": tmp_path / "one", "registry": registry, "threads": 1, "version": "1.2.0"}
    updated = drystone.build([], tmp_path / "four", **again)
    assert updated.root not in {first, open_release(tmp_path / "three").root}

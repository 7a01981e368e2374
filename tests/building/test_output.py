"""Where a release may be built: in an empty folder, over a release, where a build was cut short."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.building.output import INCOMPLETE, check_output
from drystone.errors import BuildError
from drystone.release import layout


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

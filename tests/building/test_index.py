"""An index follows its release through a retraction and through builds in the same place."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.building.retract import apply
from drystone.registry import Registry
from drystone.registry.requests import subjects
from drystone.release import layout
from drystone.release.read import open_release
from drystone.search import index
from drystone.search.search import Searcher
from tests.building.conftest import MIT
from tests.building.test_optouts import Home

SECRET = "unmistakable_word_of_what_goes"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    kept = "".join(f"def kept_{n}(x):\n    return x * {n}\n\n\n" for n in range(20))
    gone = "".join(f"def {SECRET}_{n}(y):\n    return y - {n}\n\n\n" for n in range(20))
    made.folder("https://forge.example/stays/kept", {"LICENSE": MIT, "kept.py": kept})
    made.folder("https://forge.example/goes/gone", {"LICENSE": MIT, "gone.py": gone})
    made.build()
    index.build(open_release(made.output))
    return made


def words(home: Home) -> list[str]:
    found = Searcher([open_release(home.output)]).search(f"content:{SECRET} or content:kept_1")
    return sorted(one.path for one in found)


def nothing_is_left(home: Home) -> None:
    assert words(home) == ["/kept.py"]
    segments = index.open_segments(open_release(home.output))
    for path in (home.output / layout.INDEX).iterdir():
        assert SECRET.encode() not in path.read_bytes()
    assert not any(SECRET.encode() in segment.names for segment in segments)
    assert not any("/gone.py" in segment.files.column("path").to_pylist() for segment in segments)


def test_a_retraction_leaves_nothing_in_the_index(home: Home) -> None:
    assert words(home) == ["/gone.py", "/kept.py"]
    home.opt_out(subjects.repository("https://forge.example/goes/gone"))
    with Registry.open(home.registry) as registry:
        apply([str(home.output)], registry)
    nothing_is_left(home)


def test_a_build_in_the_same_place_leaves_nothing_in_the_index(home: Home) -> None:
    home.opt_out(subjects.repository("https://forge.example/goes/gone"))
    home.build()
    nothing_is_left(home)

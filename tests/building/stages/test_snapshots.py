"""A snapshot of opt-outs travels as a file, and says the same there."""

from pathlib import Path

from drystone.building.stages.snapshots import LeftOut, load, save
from drystone.registry import OptOuts
from drystone.work.store import Stage


def test_what_was_saved_is_what_is_loaded_and_it_is_written_once(tmp_path: Path) -> None:
    optouts = OptOuts(repositories={"example.org/mason/walls": "request-1"})
    path = save(Stage(tmp_path), optouts)
    written = path.stat().st_mtime_ns
    assert save(Stage(tmp_path), optouts) == path
    assert path.stat().st_mtime_ns == written
    assert load(path) == optouts


def test_it_says_which_repositories_are_out(tmp_path: Path) -> None:
    optouts = OptOuts(repositories={"example.org/mason/walls": "request-1"})
    out = LeftOut(save(Stage(tmp_path), optouts), optouts.sha256)
    assert out("https://example.org/Mason/walls.git", {})
    assert not out("https://example.org/mason/fences", {})

"""A catalog ranked as it stands: the program's own with one's own, and what is in none."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.catalog.importing.imported import Imported
from drystone.catalog.passports.texts import kept_by_hash
from drystone.catalog.ranking.ranking import rank_shelf
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import UsageError
from tests.catalog.passports.made import TEXT
from tests.catalog.ranking.made import DAY, whole_reader


def test_what_is_in_the_catalog_and_what_is_besides(tmp_path: Path) -> None:
    rocks, besides = whole_reader("rocks", 90.0), whole_reader("besides", 60.0)
    with Shelf(tmp_path / "c.sqlite", make=True) as shelf:
        own = {passport.artifact.name for passport in shelf.passports()}
        shelf.add(Imported(rocks, kept_by_hash([TEXT])))
        found = rank_shelf(shelf, None, [besides, rocks], DAY)
        assert {name for kind in found.kinds.values() for name in kind.names} == {*own, "rocks", "besides"}
        assert found.explain(besides).artifact.worst_place > found.explain(rocks).artifact.best_place
        turn = found.turn(besides, rocks)
        assert (turn.ahead, turn.behind) == ("rocks", "besides")
        with pytest.raises(UsageError, match="was not ranked"):
            rank_shelf(shelf, None, [], DAY).explain(besides)
        with pytest.raises(UsageError, match="is named twice"):
            found.turn(rocks, rocks)
        with pytest.raises(UsageError, match="they have no order"):
            found.turn(rocks, shelf.get("the-stack-v2"))

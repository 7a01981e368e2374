from __future__ import annotations

from pathlib import Path

import pytest

from drystone.catalog.importing.imported import Imported
from drystone.catalog.passports.texts import kept_by_hash
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import UsageError
from tests.catalog.passports.made import TEXT, known, passport, plain


def imported(name: str, *, text: str = TEXT, **artifact: object) -> Imported:
    import json

    from drystone.catalog.passports.reading import read_passport

    given = plain(name, known("size.files", 1))
    given["artifact"].update(artifact)
    return Imported(read_passport(json.dumps(given).encode(), name), kept_by_hash([text]))


def test_what_is_added_is_found_by_all_its_names(place: str) -> None:
    one = imported("rocks", title="The Rocks", aliases=["hub/rocks"])
    with Shelf(place, make=True) as shelf:
        shelf.add(one)
        for name in ("rocks", "The Rocks", "the rocks", "HUB/ROCKS"):
            assert shelf.get(name) == one.passport
        assert shelf.texts(one.passport) == dict(one.texts)
        assert one.passport in list(shelf.passports())
    with Shelf(place) as again:
        assert again.get("rocks") == one.passport
        again.remove("rocks")
        assert again.find("rocks") is None


def test_two_artifacts_share_no_name(place: str) -> None:
    with Shelf(place, make=True) as shelf:
        shelf.add(imported("rocks", aliases=["hub/rocks"]))
        with pytest.raises(UsageError, match="'hub/rocks' is a name of rocks already"):
            shelf.add(imported("stones", aliases=["hub/rocks"]))
        assert shelf.find("stones") is None, "all or nothing"
        with pytest.raises(UsageError, match="--replace"):
            shelf.add(imported("rocks"))
        shelf.add(imported("rocks", title="Other rocks"), replace=True)
        assert shelf.get("rocks").artifact.title == "Other rocks"
        assert shelf.find("hub/rocks") is None


def test_what_comes_with_the_program_is_not_hidden_unasked(place: str) -> None:
    with Shelf(place, make=True) as shelf:
        with pytest.raises(UsageError, match="mini comes with the program; --replace"):
            shelf.add(imported("mini"))
        with pytest.raises(UsageError, match="'the stack v2' is a name of the-stack-v2, which comes with the program"):
            shelf.add(imported("rocks", title="The Stack v2"), replace=True)
        assert shelf.get("the stack v2").artifact.name == "the-stack-v2"
        shelf.add(imported("mini", title="Mine"), replace=True)
        assert shelf.get("mini").artifact.title == "Mine"


def test_a_quote_that_does_not_stand_is_not_kept(tmp_path: Path) -> None:
    with Shelf(tmp_path / "c", make=True) as shelf:
        with pytest.raises(UsageError, match=r"the quote “F1 of 87\.1” of card: not kept"):
            shelf.add(imported("rocks", text="another"))
        assert shelf.find("rocks") is None


def test_near_names_are_told() -> None:
    with Shelf() as shelf, pytest.raises(UsageError, match="drystone catalog list"):
        shelf.get("zzzzzz")


def test_the_program_s_own_cannot_be_changed() -> None:
    with Shelf() as shelf:
        with pytest.raises(UsageError, match="no catalog is named to add to"):
            shelf.add(Imported(passport("a"), {}))
        with pytest.raises(UsageError, match="is not in the catalog"):
            shelf.remove("a")

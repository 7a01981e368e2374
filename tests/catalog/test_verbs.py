from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from drystone.catalog import verbs
from drystone.errors import UsageError


def test_a_user_without_a_name_can_search(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")  # as in a container that runs under a number

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert verbs.find_artifacts("answer questions from a text").hits


def test_where_facts_cannot_be_kept_nothing_is_measured(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"  # to measure it would be refused with its name
    for act in (verbs.measure_dataset, lambda what, **more: verbs.measure_reader("mini", what, **more)):
        with pytest.raises(UsageError, match="no catalog is named to keep the facts in"):
            act(nothing, into="mini")
        with pytest.raises(UsageError, match="no artifact of this name"):
            act(nothing, into="nobody", catalog=tmp_path / "c.sqlite")

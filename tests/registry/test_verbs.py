"""The verbs of the registry: by path, by the default place, and over a registry that is open already."""

from __future__ import annotations

from pathlib import Path

import pytest

import drystone
from drystone.errors import UsageError
from drystone.registry import Registry
from drystone.registry.verbs import using, who


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DRYSTONE_REGISTRY", raising=False)


def test_a_request_from_the_first_word_to_its_end(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no registry there"):
        drystone.list_optouts()
    request, token = drystone.request_optout(owners=["ann"], paths=[("ben/x", "src")], contact="ann@example.org")
    assert len(token) >= 32
    assert (tmp_path / "drystone-registry.sqlite").is_file()
    assert [each.id for each in drystone.list_optouts()] == [request.id]
    drystone.vouch_optout(request.id, "known by sight", by="mo")
    decided = drystone.decide_optout(request.id[:6], "partly", reason="ben asks himself", accepted=[1], by="mo")
    assert [subject.accepted for subject in decided.subjects] == [True, False]
    shown = drystone.show_optout(request.id, contact=True)
    assert shown.contact["contact"] == "ann@example.org"
    assert {event.kind for event in shown.events} >= {"received", "decided"}
    assert drystone.erase_contact(request.id)[1] and not drystone.show_optout(request.id, contact=True).contact
    drystone.init_registry("other.sqlite")
    assert len(drystone.import_optouts(drystone.export_optouts(), registry="other.sqlite")) == 1
    assert drystone.withdraw_optout(request.id).status == "withdrawn"
    assert [event.seq for event in drystone.read_log()] == sorted(event.seq for event in drystone.read_log())


def test_a_registry_that_is_open_stays_open(tmp_path: Path) -> None:
    with Registry.open(str(tmp_path / "registry.sqlite")) as opened:
        with using(opened) as same:
            assert same is opened
        place = drystone.record_place("rename", "ann", "anna", registry=opened, by="mo")
        drystone.remove_place(place.event, registry=opened)
        assert drystone.list_places(opened) == []
        assert drystone.list_reviews(opened, state="all") == []


def test_the_login_name_stands_where_nobody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    assert (who(None), who("mo")) == ("ada", "mo")

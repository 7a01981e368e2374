"""The shared words fit each other, and docs/catalog.md lists them."""

from __future__ import annotations

from drystone.catalog.passports.passport import _ONE, ALWAYS, Capability, Fact
from drystone.catalog.passports.vocabulary import fact_kind, fact_kinds, flows, jobs


def test_jobs_are_judged_by_facts_that_are_there() -> None:
    for id, job in jobs().items():
        assert set(job.judged_by) <= fact_kinds().keys(), id
        Capability(id=id, name=job.name, description=job.name, intents=job.intents)


def test_names_of_facts_are_names() -> None:
    for name in fact_kinds():
        Fact(name=name, status="unknown", settled_by="x")
    assert set(ALWAYS) <= fact_kinds().keys()


def test_flows_count_as_flows() -> None:
    for name, wide in flows().items():
        assert name in wide
        assert wide <= flows().keys()


def test_an_unshared_name_says_itself() -> None:
    assert fact_kind("speed.batch_of_8").title == "speed, batch of 8"
    assert fact_kind("speed.batch_of_8").better is None


def test_every_unit_has_a_word_for_one() -> None:
    units = {kind.unit for kind in fact_kinds().values() if kind.unit} - {"%", "bytes", "pairs/s"}
    assert units == set(_ONE)

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.catalog.importing.releases import import_release
from drystone.catalog.passports.passport import Fact
from drystone.catalog.passports.reading import json_of, read_passport
from drystone.catalog.passports.texts import find_quotes
from drystone.release.read import open_release
from drystone.search import index
from tests.release.sample import Row, write_sample


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written = tmp_path / "release"
    write_sample(
        written,
        [
            Row("pypi/click", "/a.md", b"# One\n", "Markdown", license="MIT"),
            Row("pypi/click", "/b.c", b"int main() { return 0; }\n", "C", license=None),
        ],
    )
    return written


def value(facts: tuple[Fact, ...], name: str) -> object:
    [fact] = [fact for fact in facts if fact.name == name]
    return fact.claim.value if fact.claim is not None else fact.status


def test_a_release_is_measured_from_its_own_rows(folder: Path) -> None:
    release = open_release(folder)
    found = import_release(release, "2026-11-30")
    facts = found.passport.facts
    assert value(facts, "size.files") == release.manifest.counts.kept
    assert value(facts, "languages.programming") == 2
    assert value(facts, "licenses.unknown_share") == 50.0
    assert value(facts, "search.index") is False
    assert value(facts, "maintainer") == "unknown"
    assert value(facts, "optouts.lag_days") == "unknown"
    bases = {fact.name: fact.bases for fact in facts if fact.claims}
    assert bases["license"] == "declared"
    assert bases["provenance.verifiable"] == "derived", "nobody verified it"
    assert bases["size.files"] == "measured"
    assert value(facts, "duplicates.exact_share") == "unknown", "nobody compared them"
    assert found.passport.artifact.versions[0].hashes == {"drystone-root": release.root}
    assert {one.state for one in find_quotes(found.passport, found.texts)} == {"stands"}
    assert read_passport(json_of(found.passport), "x") == found.passport


def test_without_a_registry_nobody_was_asked_and_none_is_no_zero(folder: Path) -> None:
    release = open_release(folder)
    asked = release.manifest.facts.registry_head is not None
    found = import_release(release, "2026-11-30").passport
    assert ("code.opt_out" in {one.id for one in found.capabilities}) is asked
    assert (value(found.facts, "optouts.repositories") == "unknown") is not asked


def test_what_it_can_do_follows_from_what_it_has(folder: Path) -> None:
    before = {one.id for one in import_release(open_release(folder), "2026-11-30").passport.capabilities}
    index.build(open_release(folder))
    after = import_release(open_release(folder), "2026-11-30").passport
    assert {one.id for one in after.capabilities} - before == {"code.search"}
    assert value(after.facts, "search.index") is True

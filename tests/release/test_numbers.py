"""The rule for version numbers, what follows what, and what a tombstone says."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from drystone.errors import ReleaseError, UsageError
from drystone.release.manifest import read_manifest
from drystone.release.versions.numbers import (
    MAJOR,
    MINOR,
    PATCH,
    RETRACTION,
    UPDATE,
    Tombstone,
    check_later,
    follow,
    kind_of_change,
    neighbours,
    next_version,
    read_tombstone,
    superseded,
    tombstone,
)
from tests.release.sample import FACTS


@pytest.mark.parametrize(
    ("version", "change", "following"),
    [("1.2.3", MAJOR, "2.0.0"), ("1.2.3", MINOR, "1.3.0"), ("1.2.3", PATCH, "1.2.4"), ("0.0.9", PATCH, "0.0.10")],
)
def test_the_next_version(version: str, change: str, following: str) -> None:
    assert next_version(version, change) == following


@pytest.mark.parametrize("version", ["1.2", "1.2.3-rc1", "one", ""])
def test_nothing_follows_what_is_no_version(version: str) -> None:
    with pytest.raises(ReleaseError, match=r"MAJOR\.MINOR\.PATCH"):
        next_version(version, PATCH)


def test_rules_sources_and_opt_outs_change_a_release_in_this_order() -> None:
    rules = FACTS.model_copy(update={"configuration": {"profile": "other"}, "registry_head": "head-2"})
    opted = FACTS.model_copy(update={"registry_head": "head-2"})
    assert kind_of_change(FACTS, rules, sources_differ=True) == MAJOR
    assert kind_of_change(FACTS, opted, sources_differ=True) == MINOR
    assert kind_of_change(FACTS, opted, sources_differ=False) == PATCH
    assert kind_of_change(FACTS, FACTS.model_copy(update={"date": "2027-01-01"}), sources_differ=False) is None


def test_a_chosen_number_must_come_later() -> None:
    check_later("1.9.0", "1.10.0")
    for same in ("1.9.0", "1.8.99"):
        with pytest.raises(UsageError, match="does not come after"):
            check_later("1.9.0", same)


def test_what_follows_names_those_before_it(sample_release: Path) -> None:
    old = read_manifest(sample_release)
    facts = follow(old, ["- one change"], retracted=True)
    assert facts.previous is not None
    assert (facts.previous.version, facts.previous.root, facts.previous.retracted) == ("1.0.0", old.root, True)
    assert facts.changes[0] == "- one change"
    assert any("1.0.0" in line for line in facts.changes[1:])


def successor(folder: Path, reason: str, **more: object) -> tuple[Path, Tombstone]:
    old = read_manifest(folder)
    facts = old.facts.model_copy(update={"version": "1.0.1"})
    name, text = tombstone(old, old.model_copy(update={"facts": facts, "root": "b" * 64}), reason, **more)
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text)
    return path, read_tombstone(path)


def test_a_tombstone_names_its_successor_and_has_every_key(release_copy: Path) -> None:
    counts = {"occurrences": 1, "files": 1, "bytes": 9, "repositories": 0}
    path, stone = successor(release_copy, RETRACTION, fell=counts, requests={"request-1": counts})
    assert path.name == "1.0.0.json"
    assert stone["superseded_by"] == {"version": "1.0.1", "root": "b" * 64}
    assert stone.keys() == Tombstone.__required_keys__ | Tombstone.__optional_keys__
    found = superseded(read_manifest(release_copy), [path])
    assert found is not None
    assert (found.version, found.retracted) == ("1.0.1", True)


def test_an_update_supersedes_and_retracts_nothing(release_copy: Path) -> None:
    path, _ = successor(release_copy, UPDATE)
    manifest = read_manifest(release_copy)
    assert path in neighbours(release_copy, manifest)
    found = superseded(manifest, [path])
    assert found is not None
    assert not found.retracted
    assert superseded(manifest, []) is None


@pytest.mark.parametrize(
    "change", [{"format": "x"}, {"root": "short"}, {"superseded_by": {}}, {"counts": {"files": "many"}}]
)
def test_what_is_no_tombstone_is_said(release_copy: Path, change: dict[str, object]) -> None:
    counts = {"occurrences": 1, "files": 1, "bytes": 9, "repositories": 0}
    path, stone = successor(release_copy, RETRACTION, fell=counts, requests={})
    path.write_bytes(orjson.dumps({**stone, **change}))
    with pytest.raises(ReleaseError, match="neither a release nor a tombstone"):
        read_tombstone(path)

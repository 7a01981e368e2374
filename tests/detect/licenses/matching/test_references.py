"""The reference texts: every one is found by its own hash, and identifiers of one text have one that stands for it."""

from __future__ import annotations

from drystone.detect.licenses.matching.references import facts, references


def test_the_index_is_over_the_list() -> None:
    found = references()
    assert len(found.ids) == len(found.lengths)
    assert set(found.ids) <= facts().keys() == found.names.keys()
    assert set(found.by_hash.values()) <= facts().keys()
    assert found.osi_approved >= {"MIT", "Apache-2.0", "GPL-3.0-only"}
    assert "JSON" not in found.osi_approved


def test_of_several_names_of_one_text_the_plain_one_stands() -> None:
    values = set(references().by_hash.values())
    assert {"GPL-2.0-only", "AGPL-3.0-only", "MIT"} <= values
    assert not {"GPL-2.0-or-later", "AGPL-3.0-or-later"} & values

from __future__ import annotations

from drystone.catalog.passports.texts import find_quotes, kept_by_hash, sha256_of
from tests.catalog.passports.made import TEXT, known, passport


def test_quotes_are_found_again_or_their_state_is_said() -> None:
    one = passport("a", known("size.files", 1, quote="F1 of 87.1"))
    kept = kept_by_hash([TEXT, "another"])
    assert [(found.state, found.offset) for found in find_quotes(one, kept)] == [("stands", TEXT.index("F1 of 87.1"))]
    assert [found.state for found in find_quotes(one, {})] == ["not kept"]
    assert [found.state for found in find_quotes(one, {sha256_of(TEXT): TEXT + " "})] == ["changed"]
    wrong = passport("a", known("size.files", 1, quote="F1 of 88.5"))
    assert [found.state for found in find_quotes(wrong, kept)] == ["not there"]

"""One folder: what denies or is not understood stops what others grant; stricter declarations are conflicts."""

from __future__ import annotations

from typing import Any

import pytest

from drystone.detect.licenses import Evidence, LicenseAnnotation, LicenseState, tree_licenses
from drystone.detect.licenses.folders import Entry, folder_license


def said(path: str, expression: str | None, kind: str = "text", **more: Any) -> Entry:
    evidence = more.pop("evidence", (Evidence(expression, 1, 9, "test", 0.95),) if expression else ())
    return Entry(path, LicenseAnnotation(expression, kind, evidence, **more), f"swh:{path}")  # type: ignore[arg-type]


MIT = said("LICENSE", "MIT")
DENIED = said("package.json", None, "metadata", denied=True, unanswered=True, text_sha256="d" * 64)
UNCLEAR = said("COPYING.extra", None, unanswered=True, text_sha256="c" * 64)


@pytest.mark.parametrize(
    ("entries", "state", "expression", "conflict"),
    [
        ([MIT], LicenseState.GRANTED, "MIT", False),
        ([MIT, DENIED], LicenseState.DENIED, None, True),
        ([MIT, UNCLEAR], LicenseState.NOT_UNDERSTOOD, None, True),
        ([UNCLEAR, DENIED], LicenseState.DENIED, None, False),
        ([said("README", None, "readme", denied=True)], LicenseState.DENIED, None, False),
        ([MIT, said("README", None, "readme", unanswered=True)], LicenseState.GRANTED, "MIT", False),
        ([MIT, said("NOTICE", None, "notice", unanswered=True)], LicenseState.GRANTED, "MIT", False),
        ([said("NOTICE", None, "notice", unanswered=True)], LicenseState.NOT_UNDERSTOOD, None, False),
    ],
)
def test_states_of_a_folder(entries: list[Entry], state: LicenseState, expression: str | None, conflict: bool) -> None:
    for order in (entries, entries[::-1]):
        found = folder_license(order)
        assert found is not None
        assert (found.state, found.expression, found.conflict is not None) == (state, expression, conflict)


def test_a_vague_declaration_beside_the_text_that_it_means_stops_nothing() -> None:
    vague = said("setup.py", None, "metadata", unanswered=True, notes=("unread declaration: BSD-like",))
    other = said("setup.py", None, "metadata", unanswered=True, notes=("unread declaration: Acme terms",))
    text = said("LICENSE", "BSD-3-Clause")
    assert folder_license([text, vague]).state is LicenseState.GRANTED  # type: ignore[union-attr]
    assert folder_license([text, other]).state is LicenseState.NOT_UNDERSTOOD  # type: ignore[union-attr]


def test_a_choice_stands_beside_a_variant_of_its_permissive_text() -> None:
    declared = said("pyproject.toml", "LGPL-2.1-only OR MIT", "metadata")
    texts = [said("COPYING-LGPL", "LGPL-2.1-only"), said("COPYING-MIT", "curl")]
    found = folder_license([*texts, declared])
    assert found is not None
    assert (found.expression, found.conflict) == ("LGPL-2.1-only OR MIT", None)
    stricter = folder_license([texts[0], said("COPYING-MIT", "MPL-2.0"), declared])
    assert stricter is not None
    assert "MPL-2.0 AND" in str(stricter.expression) or "AND MPL-2.0" in str(stricter.expression)


def test_a_persons_decision_is_heard_beside_what_others_agree_on() -> None:
    decided = said("README.md", "ISC", "readme", evidence=(Evidence("ISC", 1, 1, "review", 1.0),), text_sha256="e" * 64)
    found = folder_license([MIT, said("package.json", "MIT", "metadata"), decided])
    assert found is not None
    assert found.expression == "MIT AND ISC"
    assert "README.md says ISC" in str(found.conflict)
    assert "e" * 64 in found.review


def test_what_a_folder_says_stops_what_is_above() -> None:
    files = [(e.path, e.annotation, e.swhid) for e in (MIT, said("vendor/x/LICENSE", None, unanswered=True))]
    tree = tree_licenses(files)
    assert tree("vendor").expression == "MIT"  # type: ignore[union-attr]
    found = tree("vendor/x/deep/er")
    assert found is not None
    assert found.state is LicenseState.NOT_UNDERSTOOD
    denied = [("LICENSE", DENIED.annotation, "1"), ("lib/LICENSE", MIT.annotation, "2")]
    assert tree_licenses(denied)("lib").state is LicenseState.DENIED  # type: ignore[union-attr]
    assert tree_licenses(denied, "nearest")("lib").expression == "MIT"  # type: ignore[union-attr]


def test_a_text_in_words_of_its_own_is_named_in_the_evidence() -> None:
    found = folder_license([MIT, UNCLEAR])
    assert found is not None
    assert [(e.path, e.rule) for e in found.evidence if not e.expression] == [("COPYING.extra", "unread:words")]

"""The licence of one file, judged: what the row says, and what a drop shows of where it was read."""

from __future__ import annotations

import pytest

from drystone.detect.licenses import Evidence, LicenseAnnotation
from drystone.policy.decision import Reason
from drystone.policy.licensed import license_of, with_table
from drystone.policy.licenses import LicensePolicy


def found(expression: str | None, pieces: int = 1, conflict: str | None = None) -> LicenseAnnotation:
    evidence = tuple(
        Evidence(expression or "", n, n + 1, "text", 0.9, f"LICENSE.{n}", "swh:1:cnt:" + "0" * 40)
        for n in range(1, pieces + 1)
    )
    return LicenseAnnotation(expression, "text", evidence, conflict)


@pytest.mark.parametrize(
    ("expression", "policy", "reason"),
    [
        ("MIT", LicensePolicy(), None),
        (None, LicensePolicy(), Reason.NO_LICENSE),
        (None, LicensePolicy(profile="stack-v2"), None),
        (None, LicensePolicy(profile="stack-v2", no_license=False), Reason.NO_LICENSE),
        (None, LicensePolicy(no_license=True), None),
        ("LicenseRef-scancode-dco-1.1", LicensePolicy(), Reason.NO_LICENSE),
        ("MIT", LicensePolicy(deny=("MIT",)), Reason.DENIED_LICENSE),
        ("MIT OR ISC", LicensePolicy(deny=("MIT",)), None),
        ("GPL-2.0-only", LicensePolicy(), Reason.NON_PERMISSIVE_LICENSE),
        ("LicenseRef-of-our-own", LicensePolicy(), Reason.LICENSE_NOT_UNDERSTOOD),
        ("not an ( expression", LicensePolicy(), Reason.LICENSE_NOT_UNDERSTOOD),
        ("ISC", LicensePolicy(permissive=False, allow=("MIT",)), Reason.NON_PERMISSIVE_LICENSE),
    ],
)
def test_reasons(expression: str | None, policy: LicensePolicy, reason: Reason | None) -> None:
    licensed = license_of(found(expression), policy)
    assert licensed.expression == expression
    assert (licensed.drop.reason if licensed.drop else None) is reason


@pytest.mark.parametrize(("denied", "reason"), [(True, Reason.LICENSE_DENIED), (False, Reason.LICENSE_NOT_UNDERSTOOD)])
def test_denied_and_not_understood_are_never_taken_for_absent(denied: bool, reason: Reason) -> None:
    said = Evidence("", 3, 4, "denied:terms" if denied else "unread:text", 0.9, "LICENSE", "swh:1:cnt:1")
    whole = LicenseAnnotation(None, "tree", (said,), unanswered=True, denied=denied, review=("ab" * 32,))
    takes_all = LicensePolicy(profile="stack-v2", categories=("Copyleft",))
    licensed = license_of(whole, takes_all, "MIT")  # and the hosting site's word does not free it
    assert licensed.drop is not None
    assert (licensed.drop.reason, licensed.verdict.license_type) == (reason, "non_permissive")
    assert licensed.drop.evidence["review"] == ["ab" * 32]
    assert licensed.drop.evidence["read"][0]["lines"] == [3, 4]  # type: ignore[index, call-overload]


def test_a_kept_file_says_what_contradicts_its_licence() -> None:
    licensed = license_of(
        LicenseAnnotation("MIT", "tree", conflict="a header differs", review=("cd" * 32,)), LicensePolicy()
    )
    assert licensed.drop is None
    assert licensed.note == {"conflict": "a header differs", "review": ["cd" * 32]}


def test_what_the_hosting_site_says_is_heard_where_nothing_was_found() -> None:
    assert license_of(None, LicensePolicy(), "NOASSERTION").drop is not None
    assert license_of(None, LicensePolicy(no_license=False), "MIT").drop is None
    assert license_of(found("MIT"), LicensePolicy(), "NOASSERTION").drop is None
    assert license_of(None, LicensePolicy(), "MIT").expression is None  # a site's word is no finding


def test_a_drop_shows_where_the_licence_was_read_and_not_too_much_of_it() -> None:
    drop = license_of(found("GPL-2.0-only", 9, "tag and text differ"), LicensePolicy()).drop
    assert drop is not None
    assert drop.evidence["why"] == "not permissive: GPL-2.0-only"
    assert drop.evidence["conflict"] == "tag and text differ"
    read = drop.evidence["read"]
    assert isinstance(read, list)
    assert len(read) == 5
    assert read[0] == {"expression": "GPL-2.0-only", "path": "LICENSE.1", "swhid": "swh:1:cnt:" + "0" * 40,
                       "lines": [1, 2], "rule": "text"}  # fmt: skip


def test_nothing_found_is_an_empty_list_of_evidence() -> None:
    assert license_of(None, LicensePolicy()).evidence == "[]"


@pytest.mark.parametrize(
    ("told", "site", "expression", "reason"),
    [
        ("permissive:MIT", None, "MIT", None),
        ("permissive:Apache-2.0,MIT", None, "Apache-2.0 AND MIT", None),
        ("permissive:GPL-2.0-only,MIT", None, "GPL-2.0-only OR MIT", None),
        ("permissive:Apache-2.0 WITH LLVM-exception", None, "Apache-2.0 WITH LLVM-exception", None),
        ("non_permissive:GPL-2.0-only,MIT", None, "GPL-2.0-only AND MIT", Reason.NON_PERMISSIVE_LICENSE),
        (":MIT", None, "MIT", None),
        ("non_permissive:MIT", None, None, Reason.LICENSE_NOT_UNDERSTOOD),
        ("non_permissive:", None, None, Reason.LICENSE_NOT_UNDERSTOOD),
        ("permissive:", None, None, Reason.LICENSE_NOT_UNDERSTOOD),
        ("permissive:", "MIT", None, None),
        ("no_license:", None, None, Reason.NO_LICENSE),
        ("permissive:no such thing", None, "no such thing", Reason.LICENSE_NOT_UNDERSTOOD),
    ],
)
def test_the_word_of_a_table(told: str, site: str | None, expression: str | None, reason: Reason | None) -> None:
    licensed = license_of(with_table(None, told, site), LicensePolicy(), site)
    assert licensed.expression == expression
    assert (licensed.drop.reason if licensed.drop is not None else None) is reason
    if expression is not None:
        assert licensed.basis == "table"
        assert licensed.evidence == (
            f'[{{"expression":"{expression}","swhid":null,"path":null,"start_line":null,"end_line":null,"rule":"table",'
            '"confidence":1.0}]'
        )


def test_the_word_of_a_table_stands_behind_a_licences_own_text() -> None:
    text = found("MIT")
    readme = LicenseAnnotation("MIT", "readme", (Evidence("MIT", 1, 2, "readme", 0.9, "README.md"),))
    assert with_table(text, "non_permissive:GPL-2.0-only,MIT") is text
    assert with_table(readme, "permissive:MIT") is readme
    both = with_table(readme, "non_permissive:GPL-2.0-only,MIT")
    assert both is not None
    assert both.expression == "(MIT) AND (GPL-2.0-only AND MIT)"
    assert license_of(both, LicensePolicy()).basis == "readme+table"
    elsewhere = (Evidence("", 1, 1, "unread:points-elsewhere", 0.5, "pyproject.toml"),)
    lost = LicenseAnnotation(None, "metadata", elsewhere, unanswered=True)
    assert license_of(with_table(lost, "permissive:MIT"), LicensePolicy()).expression == "MIT"
    odd = LicenseAnnotation(None, "text", (*elsewhere, Evidence("", 2, 2, "unread:grant", 0.5)), unanswered=True)
    assert with_table(odd, "permissive:MIT") is odd
    denied = LicenseAnnotation(None, "text", denied=True)
    assert with_table(denied, "permissive:MIT") is denied

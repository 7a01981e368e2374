"""The verdict of a licence policy over SPDX expressions."""

import pickle

import pytest
from pydantic import ValidationError

from drystone.policy.licenses import BLUE_OAK, IGNORABLE, STACK_V2, LicensePolicy, blue_oak, evaluate

CLASSPATH = "GPL-2.0-only WITH Classpath-exception-2.0"


@pytest.mark.parametrize(
    ("expression", "license_type", "allowed"),
    [
        ("MIT", "permissive", True),
        ("MIT OR GPL-3.0-only", "permissive", True),
        ("MIT AND GPL-3.0-only", "non_permissive", False),
        ("(MIT AND GPL-3.0-only) OR Apache-2.0", "permissive", True),
        ("MIT AND (GPL-3.0-only OR BSD-3-Clause)", "permissive", True),
        ("Apache-2.0 WITH LLVM-exception", "permissive", True),
        (CLASSPATH, "non_permissive", False),
        ("MIT WITH Classpath-exception-2.0", "non_permissive", False),
        ("GPL-2.0-only", "non_permissive", False),
        ("LicenseRef-of-our-own", "non_permissive", False),
        ("LicenseRef-scancode-public-domain", "permissive", True),
        ("not an ( expression", "non_permissive", False),
        ("", "no_license", False),
        (None, "no_license", False),
    ],
)
def test_verdicts(expression: str | None, license_type: str, allowed: bool) -> None:
    verdict = evaluate(expression, BLUE_OAK)
    assert (verdict.license_type, verdict.allowed) == (license_type, allowed), verdict.reason


def test_unlicensed_files_are_in_or_out_by_setting() -> None:
    assert evaluate(None, STACK_V2).allowed
    assert evaluate(None, STACK_V2).license_type == "no_license"
    assert not evaluate(None, LicensePolicy(no_license=False)).allowed


def test_allow_and_deny() -> None:
    assert evaluate("GPL-2.0-only", LicensePolicy(allow=("GPL-2.0-only",))).allowed
    assert evaluate("GPL-2.0-only", LicensePolicy(allow=("GPL-2.0-only",))).license_type == "non_permissive"
    assert evaluate(CLASSPATH, LicensePolicy(allow=(CLASSPATH,))).allowed
    assert not evaluate(CLASSPATH, LicensePolicy(allow=("GPL-2.0-only",))).allowed  # the pair itself must be listed
    no_mit = LicensePolicy(deny=("MIT",))
    assert not evaluate("MIT", no_mit).allowed
    assert evaluate("MIT OR Apache-2.0", no_mit).allowed
    assert not evaluate("MIT AND Apache-2.0", no_mit).allowed
    only = LicensePolicy(permissive=False, allow=("ISC",))
    assert [evaluate(e, only).allowed for e in ("ISC", "MIT")] == [True, False]


def test_findings_that_are_no_licence() -> None:
    assert len(IGNORABLE) == 10
    for name in IGNORABLE:
        assert evaluate(name, STACK_V2).license_type == "no_license"
        assert evaluate(f"MIT AND {name}", STACK_V2).license_type == "permissive"
    reference = "LicenseRef-scancode-unknown-license-reference"
    assert evaluate(f"MIT AND {reference}", STACK_V2).allowed
    assert not evaluate(reference, STACK_V2).allowed
    assert not evaluate(f"GPL-2.0-only AND {reference}", STACK_V2).allowed


def test_what_the_hosting_site_says_is_heard_only_where_nothing_was_found() -> None:
    assert evaluate(None, BLUE_OAK, "MIT").license_type == "permissive"
    assert evaluate(None, STACK_V2, "NOASSERTION").license_type == "non_permissive"
    assert evaluate(None, STACK_V2, "GPL-3.0").license_type == "non_permissive"
    assert evaluate("GPL-3.0-only", STACK_V2, "MIT").license_type == "non_permissive"


def test_policies_are_data() -> None:
    policy = LicensePolicy(allow=("MPL-2.0", "EPL-2.0", "MPL-2.0"))
    assert policy.allow == ("EPL-2.0", "MPL-2.0")
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert LicensePolicy.model_validate(policy.model_dump(mode="json")) == policy
    for wrong in ({"allow": ["MITT"]}, {"deny": ["GPL 2"]}, {"tiers": ["Wood"]}, {"alow": []}):
        with pytest.raises(ValidationError):
            LicensePolicy.model_validate(wrong)
    assert evaluate("MPL-2.0", policy).allowed
    assert evaluate("CC-BY-4.0", LicensePolicy(categories=("Permissive",))).license_type == "permissive"
    assert evaluate("CC-BY-4.0", STACK_V2).license_type == "non_permissive"


def test_blue_oaks_list_is_whole() -> None:
    assert {tier: len(ids) for tier, ids in blue_oak().items()} == {
        "Model": 1, "Gold": 1, "Silver": 30, "Bronze": 120, "Lead": 72,
    }  # fmt: skip

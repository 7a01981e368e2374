"""The laws of judging: every reason can come about, every set of facts has one answer, and always the same."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.policy.decision import KEPT, Drop, Kept, LedgerStage, Reason
from drystone.policy.judge import AskedOut, Copy, Facts, NotText, Orphan, Policies, TextFile, Unread, judge
from drystone.policy.language import LanguagePolicy
from drystone.policy.licensed import license_of
from drystone.policy.licenses import LicensePolicy
from drystone.policy.quality import Measures, QualityPolicy
from drystone.sources.base import DEVICE, FILE, SUBMODULE, SYMLINK, UNREADABLE

PLAIN = Measures(
    num_lines=40,
    max_line_length=79,
    avg_line_length=31.5,
    alpha_fraction=0.6,
    alphanum_fraction=0.7,
    encoded_longest=0,
    encoded_fraction=0.0,
    says_generated=False,
)
NONE_FOUND = license_of(None, LicensePolicy(profile="stack-v2"))
FUSSY = Policies(LanguagePolicy(exclude=("COBOL",)), LicensePolicy(no_license=False), QualityPolicy())


def text(language: str | None = "Python", name: str = "wall.py", **measures: Any) -> TextFile:
    return TextFile(name, language, False, NONE_FOUND, PLAIN._replace(**measures))


def refused(expression: str | None, policy: LicensePolicy, **said: bool) -> TextFile:
    """Return a text that stands under a licence, judged by a policy that does not take it."""
    from drystone.detect.licenses import LicenseAnnotation

    found = LicenseAnnotation(expression, "text", **said) if expression or said else None
    return TextFile("wall.py", "Python", False, license_of(found, policy), PLAIN)


#: Facts that lead to each reason.
CAUSES: dict[Reason, tuple[Facts, Policies]] = {
    reason: (facts, FUSSY)
    for reason, facts in {
        Reason.OPTED_OUT: AskedOut("request-1"),
        Reason.SYMLINK: Unread(SYMLINK),
        Reason.SUBMODULE: Unread(SUBMODULE),
        Reason.DEVICE: Unread(DEVICE),
        Reason.UNREADABLE: Unread(UNREADABLE, None, "damaged"),
        Reason.TOO_LARGE: Unread(FILE, 1 << 40),
        Reason.BINARY: NotText("binary", "NUL bytes"),
        Reason.UNDECODABLE: NotText("undecodable", "not UTF-16"),
        Reason.DAMAGED: NotText("damaged", "missing"),
        Reason.UNKNOWN_LANGUAGE: text(None),
        Reason.EXCLUDED_LANGUAGE: text("COBOL"),
        Reason.NON_PERMISSIVE_LICENSE: refused("GPL-3.0-only", LicensePolicy()),
        Reason.DENIED_LICENSE: refused("MIT", LicensePolicy(deny=("MIT",))),
        Reason.NO_LICENSE: refused(None, LicensePolicy()),
        Reason.LICENSE_DENIED: refused(None, LicensePolicy(profile="stack-v2"), denied=True, unanswered=True),
        Reason.LICENSE_NOT_UNDERSTOOD: refused(None, LicensePolicy(profile="stack-v2"), unanswered=True),
        Reason.EMPTY: text(num_lines=0),
        Reason.GENERATED: text(says_generated=True),
        Reason.TOO_MANY_LINES: text(num_lines=100_001),
        Reason.LONG_AVERAGE_LINE: text(avg_line_length=101.0),
        Reason.LONG_LINE: text(max_line_length=1001),
        Reason.FEW_LETTERS: text(alpha_fraction=0.1),
        Reason.ENCODED_DATA: text(encoded_longest=4096),
        Reason.LONG_DATA_FILE: text("JSON", num_lines=900),
        Reason.LITTLE_VISIBLE_TEXT: text("HTML", visible_characters=3, visible_fraction=0.9),
        Reason.PLAIN_TEXT: text("Text", "words.txt"),
        Reason.EXACT_DUPLICATE: Copy(exact=True),
        Reason.NEAR_DUPLICATE: Copy(exact=False),
        Reason.REPRESENTATIVE_RETRACTED: Orphan("near_duplicate", 0.8),
    }.items()
}


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_can_come_about(reason: Reason) -> None:
    facts, policies = CAUSES[reason]
    decision = judge(facts, policies)
    assert isinstance(decision, Drop)
    assert decision.reason is reason
    assert decision.stage is reason.stage
    assert orjson.loads(orjson.dumps(decision.evidence)) == decision.evidence


def test_what_nothing_objects_to_is_kept() -> None:
    assert judge(text()) is KEPT
    assert (KEPT.decision, KEPT.stage.word) == ("kept", "release")


def test_stages_judge_in_their_order() -> None:
    """Where several stages object, the first of them decides."""
    worst = text(None, num_lines=0)._replace(licensed=license_of(None, FUSSY.licenses))
    assert judge(worst, FUSSY).stage is LedgerStage.LANGUAGE
    assert judge(worst._replace(language="COBOL"), FUSSY).stage is LedgerStage.LANGUAGE
    assert judge(worst._replace(language="C"), FUSSY).stage is LedgerStage.LICENSE
    assert judge(worst._replace(language="C", licensed=NONE_FOUND), FUSSY).stage is LedgerStage.QUALITY


def test_a_text_needs_a_licence_that_the_policy_takes_whatever_else_it_is() -> None:
    gpl = refused("GPL-3.0-only", LicensePolicy())
    for language, name in product(("C", "HTML", "Text", "JSON"), ("README", "wall.c")):
        decision = judge(gpl._replace(language=language, name=name))
        assert isinstance(decision, Drop)
        assert decision.reason is Reason.NON_PERMISSIVE_LICENSE


shares = st.floats(0, 1)
counts = st.integers(0, 1 << 40)
texts = st.builds(
    TextFile,
    name=st.text(max_size=20),
    language=st.sampled_from([None, "Python", "COBOL", "HTML", "Text", "JSON", "WebAssembly"]),
    generated=st.booleans(),
    licensed=st.sampled_from([NONE_FOUND, CAUSES[Reason.NO_LICENSE][0].licensed]),  # type: ignore[union-attr]
    measures=st.builds(
        Measures,
        num_lines=counts,
        max_line_length=counts,
        avg_line_length=st.floats(0, 1e9),
        alpha_fraction=shares,
        alphanum_fraction=shares,
        encoded_longest=counts,
        encoded_fraction=shares,
        says_generated=st.booleans(),
        visible_characters=counts,
        visible_fraction=shares,
    ),
)
others = st.one_of(
    st.builds(AskedOut, st.text(max_size=20)),
    st.builds(Unread, st.text(max_size=10), st.none() | counts, st.none() | st.text(max_size=20)),
    st.builds(NotText, st.sampled_from(["binary", "undecodable", "damaged"]), st.none() | st.text(max_size=20)),
    st.builds(Copy, st.booleans()),
    st.builds(Orphan, st.sampled_from(["exact_duplicate", "near_duplicate"]), st.none() | shares),
)


@given(st.one_of(texts, others))
def test_every_set_of_facts_has_one_answer_and_always_the_same(facts: Facts) -> None:
    decision = judge(facts, FUSSY)
    assert isinstance(decision, Kept | Drop)
    assert judge(facts, FUSSY) == decision
    if isinstance(decision, Kept):
        assert isinstance(facts, TextFile)  # nothing else can be in a release
        assert facts.language not in (None, "COBOL")
        assert facts.licensed is NONE_FOUND
    else:
        assert decision.decision == "dropped"
        orjson.dumps(decision.evidence)


def test_the_kinds_of_facts_are_all_tried_above() -> None:
    assert {type(facts) for facts, _ in CAUSES.values()} == set(get_args(Facts))

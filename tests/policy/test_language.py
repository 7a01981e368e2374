"""Which languages a release takes."""

from drystone.detect.languages import LanguageAnnotation
from drystone.policy.decision import Drop, Reason
from drystone.policy.language import LanguagePolicy, judge_language, settled_language

GUESS = LanguageAnnotation("Limbo", "content", 0.31)


def test_an_empty_policy_takes_every_language_that_was_recognised() -> None:
    assert judge_language(LanguagePolicy(), "COBOL") is None
    assert judge_language(LanguagePolicy(), None) == Drop(Reason.UNKNOWN_LANGUAGE)


def test_include_and_exclude() -> None:
    only = LanguagePolicy(include=("C",), exclude=("Rust",))
    assert judge_language(only, "C") is None
    for language in ("C++", "Rust"):
        assert judge_language(only, language) == Drop(Reason.EXCLUDED_LANGUAGE, {"language": language})
    assert judge_language(LanguagePolicy(include=("C",)), None) == Drop(Reason.UNKNOWN_LANGUAGE)


def test_how_sure_is_enough_is_the_policys() -> None:
    assert settled_language(LanguagePolicy(), GUESS) is None
    assert settled_language(LanguagePolicy(least_confidence=0.3), GUESS) == GUESS
    named = LanguageAnnotation("C", "name", 0.99)
    assert settled_language(LanguagePolicy(), named) == named
    assert settled_language(LanguagePolicy(least_confidence=1.0), named) is None


def test_nothing_found_and_not_sure_enough_are_told_apart() -> None:
    policy = LanguagePolicy()
    said = {"guess": "Limbo", "confidence": 0.31, "least": 0.8}
    assert judge_language(policy, None, GUESS) == Drop(Reason.UNKNOWN_LANGUAGE, said)
    assert judge_language(policy, None, LanguageAnnotation()) == Drop(Reason.UNKNOWN_LANGUAGE)

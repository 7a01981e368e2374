"""Which languages a release takes."""

from drystone.policy.decision import Drop, Reason
from drystone.policy.language import LanguagePolicy, judge_language


def test_an_empty_policy_takes_every_language_that_was_recognised() -> None:
    assert judge_language(LanguagePolicy(), "COBOL") is None
    assert judge_language(LanguagePolicy(), None) == Drop(Reason.UNKNOWN_LANGUAGE)


def test_include_and_exclude() -> None:
    only = LanguagePolicy(include=("C", "C++"), exclude=("C++",))
    assert judge_language(only, "C") is None
    for language in ("C++", "Python"):
        assert judge_language(only, language) == Drop(Reason.EXCLUDED_LANGUAGE, {"language": language})
    assert judge_language(LanguagePolicy(include=("C",)), None) == Drop(Reason.UNKNOWN_LANGUAGE)

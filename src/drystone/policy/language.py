"""Which languages a release takes, as data."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from drystone.policy.decision import Drop, Reason


class LanguagePolicy(BaseModel):
    """Linguist's names; an empty `include` takes every language that was recognised."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def judge_language(policy: LanguagePolicy, language: str | None) -> Drop | None:
    """Return why files of this language stay out, or None. An unknown language is never in."""
    if language is None:
        return Drop(Reason.UNKNOWN_LANGUAGE)
    if (policy.include and language not in policy.include) or language in policy.exclude:
        return Drop(Reason.EXCLUDED_LANGUAGE, {"language": language})
    return None

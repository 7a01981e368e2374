"""Which languages a release takes, as data."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from drystone.policy.drop import Drop


class LanguagePolicy(BaseModel):
    """Linguist's names; an empty `include` takes every language that was recognised."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def judge_language(policy: LanguagePolicy, language: str | None) -> Drop | None:
    """Return why files of this language stay out, or None. An unknown language is never in."""
    if language is None:
        return Drop("language", "unknown_language")
    if (policy.include and language not in policy.include) or language in policy.exclude:
        return Drop("language", "excluded_language", {"language": language})
    return None

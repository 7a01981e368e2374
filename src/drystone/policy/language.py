"""Which languages a release takes, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, model_validator

from drystone.policy.decision import Drop, Reason
from drystone.policy.names import LanguageName

if TYPE_CHECKING:
    from drystone._json import Json
    from drystone.detect.languages import LanguageAnnotation


class LanguagePolicy(BaseModel):
    """Linguist's names; an empty `include` takes every language that was settled.

    A language is settled if it was found with at least `least_confidence` (0 to 1). The default takes what names,
    shebangs, modelines and patterns say, and guesses from content that are far likelier right than wrong.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    include: tuple[LanguageName, ...] = ()
    exclude: tuple[LanguageName, ...] = ()
    least_confidence: float = Field(0.8, ge=0, le=1)

    @model_validator(mode="after")
    def _clear(self) -> LanguagePolicy:
        if both := sorted({*self.include} & {*self.exclude}):
            raise ValueError(f"{', '.join(both)}: included and excluded at once; leave it in one of the two")
        return self


def settled_language(policy: LanguagePolicy, found: LanguageAnnotation) -> LanguageAnnotation | None:
    """Return what was found of a language if it is sure enough for the policy, else None."""
    return found if found.settled(policy.least_confidence) is not None else None


def judge_language(
    policy: LanguagePolicy, language: str | None, guess: LanguageAnnotation | None = None
) -> Drop | None:
    """Return why files of this language stay out, or None. A language that is not settled is never in.

    `guess` is what was found where that is not sure enough; the evidence names it, and a file for which nothing was
    found has none.
    """
    if language is None:
        if guess is None or guess.language is None:
            return Drop(Reason.UNKNOWN_LANGUAGE)
        said: dict[str, Json] = {
            "guess": guess.language,
            "confidence": round(guess.confidence or 0, 3),
            "least": policy.least_confidence,
        }
        return Drop(Reason.UNKNOWN_LANGUAGE, said)
    if (policy.include and language not in policy.include) or language in policy.exclude:
        return Drop(Reason.EXCLUDED_LANGUAGE, {"language": language})
    return None

"""Words that policies are written in and that other lists define: names of languages."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator


def _listed(name: str) -> str:
    from drystone.detect.languages import language_problem  # noqa: PLC0415  who names no language needs no table

    if (problem := language_problem(name)) is not None:
        raise ValueError(problem)
    return name


#: A name of Linguist's list; any other is refused with the one that was likely meant.
LanguageName = Annotated[str, AfterValidator(_listed)]

"""What a question over HTTP asks for and gives: answers with citations, and on the way to them candidates."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from drystone.answer.answering import LONGEST
from drystone.answer.shapes import CitedAnswer
from drystone.answer.verbs import LEAST, MAX_ANSWER_LEN
from drystone.web.contracts.schemas import Strict
from drystone.web.contracts.searching import MOST_QUERY, MOST_SECONDS, SearchedRelease

#: Answers to a question over HTTP, by default and at most; tokens of one; seconds that it may take.
ANSWERS: Final = 3
MOST_ANSWERS: Final = 20
_MOST_TOKENS: Final = 100
_SECONDS: Final = 5.0


class AskRequest(Strict):
    """A question to releases, as `drystone ask` takes it; `release` names them (none: all), `model` the reader.

    `where` is a query that files match, `root` are root hashes that releases must still have. What was not read when
    `seconds` are over is left out, and the answer says so.
    """

    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST)]
    where: Annotated[str, Field(max_length=MOST_QUERY)] = ""
    release: Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=100, default_factory=list)]
    root: Annotated[
        list[Annotated[str, Field(pattern="^[0-9a-f]{16,64}$")]], Field(max_length=100, default_factory=list)
    ]
    top_k: Annotated[int, Field(ge=1, le=MOST_ANSWERS)] = ANSWERS
    least: Annotated[float, Field(ge=0, le=1)] = LEAST
    max_answer_len: Annotated[int, Field(ge=1, le=_MOST_TOKENS)] = MAX_ANSWER_LEN
    seconds: Annotated[float, Field(gt=0, le=MOST_SECONDS)] = _SECONDS
    model: Annotated[str, Field(max_length=200)] | None = None


class AskResponse(Strict):
    """Answers, the surest first, as `drystone cite verify` reads them; `found` is false where there is none.

    `missing` says which releases could not be asked; `read` of `pieces` were read in `seconds`. `permalink` shows the
    same to people while no root changes.
    """

    format: int
    question: str
    found: bool
    notes: list[str]
    answers: list[CitedAnswer]
    releases: list[SearchedRelease]
    missing: list[str]
    model: str
    read: int
    pieces: int
    seconds: float
    permalink: str

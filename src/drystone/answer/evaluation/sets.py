"""Reads sets of labelled questions: JSON Lines, a JSON list of the same rows, or SQuAD. Knows no release.

docs/answers.md describes a row. A wrong one is refused with its line (or number) and field.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from drystone.answer.answering import LONGEST
from drystone.errors import UsageError
from drystone.release.files import read_bounded
from drystone.release.layout import shown

#: Bytes of a set.
_LARGEST: Final = 256 << 20
_STRICT: Final = ConfigDict(strict=True)
_Byte = Annotated[int, Field(ge=0, lt=1 << 62)]


class GoldAnswer(NamedTuple):
    """One right answer and where it stands.

    `path` is that of the file, with or without its archive's top folder; "" is any file. Where there is a `context` it
    is looked for in the file, and the answer `offset` characters into it (None: where it stands there first). Bytes
    `start` to `end` say which of several it is, or, without a context, where the answer stands.
    """

    text: str
    path: str
    context: str
    offset: int | None
    start: int | None
    end: int | None


class LabelledQuestion(NamedTuple):
    """A question with its right answers; none: the releases hold no answer.

    `source` is the origin that it is about ("" for any); `where` a query that its files match; `kind` groups questions.
    """

    id: str
    question: str
    golds: tuple[GoldAnswer, ...]
    source: str
    where: str
    kind: str


class _Gold(BaseModel):
    model_config = _STRICT

    text: str = Field(min_length=1)
    path: str = ""
    context: str = ""
    start: _Byte | None = None
    end: _Byte | None = None

    @model_validator(mode="after")
    def _place(self) -> Self:
        if not self.context and (not self.path or self.start is None or self.end is None):
            raise ValueError("needs `context`, or `path`, `start` and `end`")
        if self.context and self.text not in self.context:
            raise ValueError("`context` does not hold `text`")
        return self


class _Row(BaseModel):
    model_config = _STRICT

    id: str = ""
    question: Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=r"\S")]
    answers: list[_Gold]
    answerable: bool | None = None
    source: str = ""
    where: str = ""
    kind: str = ""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.answerable not in (None, bool(self.answers)):
            raise ValueError(f"`answerable` is {self.answerable}, and there are {len(self.answers)} answers")
        return self


class _SquadAnswer(BaseModel):
    model_config = _STRICT

    text: str = Field(min_length=1)
    answer_start: _Byte


class _SquadQuestion(BaseModel):
    model_config = _STRICT

    id: str
    question: Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=r"\S")]
    answers: list[_SquadAnswer]
    is_impossible: bool = False


class _Paragraph(BaseModel):
    model_config = _STRICT

    context: str = Field(min_length=1)
    qas: list[_SquadQuestion]

    @model_validator(mode="after")
    def _stand(self) -> Self:
        for one in self.qas:
            for gold in one.answers:
                if not self.context.startswith(gold.text, gold.answer_start):
                    raise ValueError(f"question {one.id!r}: the context has not {gold.text!r} at `answer_start`")
        return self


class _Article(BaseModel):
    model_config = _STRICT

    paragraphs: list[_Paragraph]


class _Squad(BaseModel):
    model_config = _STRICT

    data: list[_Article]


_ROWS: Final = TypeAdapter(list[_Row])


def read_set(file: str | os.PathLike[str]) -> list[LabelledQuestion]:
    """Read a set of questions, in its order. Raises `UsageError` where it is none, with line and field."""
    path = Path(file)
    name = shown(str(path))
    found = _parsed(read_bounded(path, _LARGEST, "divide it into several sets"), name)
    if not found:
        raise UsageError(f"{name} holds no question")
    known: set[str] = set()
    for one in found:
        if one.id in known:
            raise UsageError(f"{name}: two questions have the id {shown(one.id)}")
        known.add(one.id)
    return found


def _parsed(data: bytes, name: str) -> list[LabelledQuestion]:
    begin = data.lstrip()[:1]
    try:
        if begin == b"[":
            rows = _ROWS.validate_json(data)
            return [_question(row, f"{number}") for number, row in enumerate(rows, 1)]
        if begin == b"{" and _one_value(data):
            return _of_squad(_Squad.model_validate_json(data))
    except ValidationError as error:
        raise UsageError(f"{name}: {_said(error)}") from None
    found = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            try:
                found.append(_question(_Row.model_validate_json(line), f"{number}"))
            except ValidationError as error:
                raise UsageError(f"{name}, line {number}: {_said(error)}") from None
    return found


def _one_value(data: bytes) -> bool:
    """Whether a text that begins with a brace is one JSON object, and no row of lines."""
    first = data.lstrip().partition(b"\n")[0]
    return b'"question"' not in first or b'"data"' in first[:200]


def _said(error: ValidationError) -> str:
    """Return what is wrong first: the field, and what it should be."""
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"]))
    said = first["msg"].removeprefix("Value error, ")
    return shown(f"{field}: {said}" if field else said)


def _question(row: _Row, number: str) -> LabelledQuestion:
    golds = tuple(GoldAnswer(gold.text, gold.path, gold.context, None, gold.start, gold.end) for gold in row.answers)
    return LabelledQuestion(row.id or number, row.question, golds, row.source, row.where, row.kind)


def _of_squad(squad: _Squad) -> list[LabelledQuestion]:
    return [
        LabelledQuestion(one.id, one.question, _golds(paragraph, one), "", "", "")
        for article in squad.data
        for paragraph in article.paragraphs
        for one in paragraph.qas
    ]


def _golds(paragraph: _Paragraph, question: _SquadQuestion) -> tuple[GoldAnswer, ...]:
    given = [] if question.is_impossible else question.answers
    return tuple(GoldAnswer(gold.text, "", paragraph.context, gold.answer_start, None, None) for gold in given)

"""Citations read again: whether each quote of an answer stands in a release, at its bytes. Knows no reader."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drystone.answer.permalinks import Permalink, QuoteHash
from drystone.answer.resolving import CitedQuote, Resolver
from drystone.answer.shapes import FORMAT, CheckedCitation
from drystone.errors import UsageError
from drystone.identity.swhid import Swhid, parse
from drystone.release.files import read_bounded
from drystone.release.layout import shown
from drystone.release.read import Release

#: Bytes of a file of answers.
_LARGEST: Final = 16 << 20
#: Characters of a quote, and of names, paths and identifiers.
_LONGEST: Final = 1 << 20
_Byte = Annotated[int, Field(ge=0, lt=1 << 60)]
_Word = Annotated[str, Field(max_length=16_384)]


class _Cited(BaseModel):
    """What is checked of a citation."""

    model_config = ConfigDict(strict=True)

    quote: str = Field(min_length=1, max_length=_LONGEST)
    release: _Word
    version: _Word
    root: str = Field(pattern=r"^[0-9a-f]{64}$")
    origin: _Word
    path: _Word
    bytes: tuple[_Byte, _Byte] = Field(strict=False)
    swhid: _Word
    released_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @property
    def wanted(self) -> CitedQuote:
        """What is looked for. Raises `UsageError` where the identifier is none."""
        quote, (start, end) = self.quote.encode("utf-8", "surrogatepass"), self.bytes
        core = parse(self.swhid)
        named = Swhid(core.kind, core.hash, origin=self.origin, path=self.path.encode("utf-8", "surrogatepass"))
        link = Permalink(self.release, self.version, self.root, named, start, end, QuoteHash.of(quote))
        return CitedQuote(link, quote, self.released_sha256)


class _Answered(BaseModel):
    model_config = ConfigDict(strict=True)

    citations: list[_Cited] = Field(min_length=1)


class _File(BaseModel):
    model_config = ConfigDict(strict=True)

    format: int
    answers: list[_Answered]


def check_file(file: str | os.PathLike[str], release: Release) -> list[CheckedCitation]:
    """Check all citations of a file of answers, in order; raises as `verbs.verify_citations` does."""
    resolver, found = Resolver(release), []
    for number, answer in enumerate(_load(Path(file)).answers):
        for at, one in enumerate(answer.citations):
            try:
                wanted = one.wanted
            except UsageError as error:
                raise UsageError(f"{shown(str(file))}: answers.{number}.citations.{at}: {error}") from None
            found.append(resolver.resolve(wanted))
    return found


def _load(path: Path) -> _File:
    name = shown(str(path))
    data = read_bounded(path, _LARGEST, "it is no answer of drystone ask --json")
    try:
        found = _File.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(
            f"{name} is no answer of drystone ask --json: {shown(where)} {first['msg']}".rstrip()
        ) from None
    if found.format != FORMAT:
        raise UsageError(f"{name} has format {found.format}; this program reads {FORMAT}")
    return found

"""Citations read again: whether each quote of an answer stands in a release, at its bytes. Knows no reader."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drystone.answer.citing import CitedRelease
from drystone.answer.shapes import FORMAT, CheckedCitation
from drystone.errors import UsageError
from drystone.identity.swhid import parse
from drystone.release.layout import shown
from drystone.release.read import Release

#: Bytes of a file of answers.
_LARGEST: Final = 16 << 20
_Byte = Annotated[int, Field(ge=0, lt=1 << 62)]


class _Cited(BaseModel):
    """What is checked of a citation."""

    model_config = ConfigDict(strict=True)

    quote: str = Field(min_length=1)
    path: str
    bytes: tuple[_Byte, _Byte] = Field(strict=False)
    swhid: str
    language: str | None
    released_sha256: str
    root: str


class _Answered(BaseModel):
    model_config = ConfigDict(strict=True)

    citations: list[_Cited] = Field(min_length=1)


class _File(BaseModel):
    model_config = ConfigDict(strict=True)

    format: int
    answers: list[_Answered]


def check_file(file: str | os.PathLike[str], release: Release) -> list[CheckedCitation]:
    """Check all citations of a file of answers, in order; raises as `verbs.verify_citations` does."""
    cited = CitedRelease(release)
    return [_check(one, cited, release.root) for answer in _load(Path(file)).answers for one in answer.citations]


def _load(path: Path) -> _File:
    name = shown(str(path))
    try:
        with path.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from None
    if len(data) > _LARGEST:
        raise UsageError(f"{name} is larger than {_LARGEST:,} bytes; it is no answer of drystone ask --json")
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


def _check(one: _Cited, cited: CitedRelease, root: str) -> CheckedCitation:
    start, end = one.bytes
    quote, core = one.quote.encode("utf-8", "surrogatepass"), str(parse(one.swhid).core)
    data = cited.text(core, one.language)
    if data is None:
        return CheckedCitation(one.quote, one.path, "gone", f"the release has no text of {core}")
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != cited.sha256(core):
        return CheckedCitation(one.quote, one.path, "changed", f"the text of {core} is damaged: run drystone verify")
    if data[start:end] == quote and sha256 == one.released_sha256:
        other = "" if root == one.root else "; the answer came from another version of the release"
        return CheckedCitation(one.quote, one.path, "stands", f"bytes {start} to {end} are the quote{other}")
    at = data.find(quote)
    if at >= 0:
        said = f"the quote stands at bytes {at} to {at + len(quote)}, not at {start} to {end}"
        if data[start:end] == quote:
            said = "the quote stands there, but the rest of the text is not what released_sha256 names"
        return CheckedCitation(one.quote, one.path, "moved", said)
    return CheckedCitation(one.quote, one.path, "changed", "the quote is not in the text")

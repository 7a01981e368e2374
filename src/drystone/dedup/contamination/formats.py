"""Reads benchmarks: JSON Lines, JSON or Parquet in the fields that each benchmark is published with.

Knows which fields hold what a model would be asked and what it would answer. Tests of a task are not read: they are
mostly numbers and calls, which resemble each other.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, cast

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from drystone.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from drystone._json import Json

#: Text of a question is compared by words, code by tokens in another dress.
Measure = Literal["words", "code"]
#: Bytes that a benchmark may unpack to.
_MOST_BYTES: Final = 2 << 30


class TaskText(NamedTuple):
    """A text of a task: `task` is its name in the benchmark, `part` says which of its texts it is."""

    benchmark: str
    task: str
    part: str
    measure: Measure
    text: bytes


@dataclass(frozen=True)
class BenchmarkFile:
    """A benchmark that was named: what it is called, where it lies, SHA-256 of its bytes."""

    name: str
    path: Path
    sha256: str


@dataclass(frozen=True)
class _Format:
    """Fields by which a format is known, those that name a task, and those with its texts, each with its measure.

    Of a measure "patch" the lines that it adds are code; "solutions" is a list of texts, or JSON of one; "whole" is the
    field behind all texts of the question, as code.
    """

    name: str
    needs: tuple[str, ...]
    task: tuple[str, ...]
    texts: Mapping[str, str]


_FORMATS: Final = (
    _Format("SWE-bench", ("instance_id", "patch"), ("instance_id",),
            {"problem_statement": "words", "patch": "patch", "test_patch": "patch"}),
    _Format("RepoBench", ("next_line", "cropped_code"), ("task_id", "id"),
            {"cropped_code": "code", "all_code": "code"}),
    _Format("LiveCodeBench", ("question_content",), ("question_id", "question_title"),
            {"question_content": "words", "code": "code"}),
    _Format("APPS", ("question", "solutions"), ("problem_id", "id", "task_id"),
            {"question": "words", "solutions": "solutions"}),
    _Format("GSM8K", ("question", "answer"), ("task_id", "id"), {"question": "words", "answer": "words"}),
    _Format("DS-1000", ("prompt", "reference_code"), ("task_id", "id", "problem_id"),
            {"prompt": "words", "reference_code": "code"}),
    _Format("BigCodeBench", ("complete_prompt", "canonical_solution"), ("task_id",),
            {"complete_prompt": "words", "canonical_solution": "whole"}),
    _Format("HumanEval", ("prompt", "canonical_solution"), ("task_id", "name"),
            {"prompt": "words", "canonical_solution": "whole"}),
    _Format("MBPP", ("text", "code"), ("task_id", "id"), {"text": "words", "code": "code"}),
    _Format("MBPP, sanitized", ("prompt", "code"), ("task_id", "id"), {"prompt": "words", "code": "code"}),
    _Format("MultiPL-E", ("prompt", "tests"), ("name", "task_id"), {"prompt": "words"}),
    _Format("a list of texts", ("text",), ("task", "task_id", "id"), {"text": "words"}),
    _Format("a list of code", ("code",), ("task", "task_id", "id"), {"code": "code"}),
)  # fmt: skip


def named(given: Sequence[str], base: Path | None = None) -> list[BenchmarkFile]:
    """Return the files that PATH or NAME=PATH name; a name is by default the file's, without its endings.

    Raises `UsageError` for a file that is not there, and for two benchmarks of one name.
    """
    found: dict[str, BenchmarkFile] = {}
    for each in given:
        name, equals, place = each.partition("=")
        path = Path(place if equals else name)
        path = (base / path if base is not None else path).expanduser()
        if not path.is_file():
            beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
            raise UsageError(f"benchmark {path}: there is no such file{did_you_mean(path.name, beside)}")
        name = name if equals else re.sub(r"(\.(jsonl?|parquet|gz))+$", "", path.name)
        if not name.strip():
            raise UsageError(f"benchmark {each}: give it a name before the '='")
        if name in found:
            raise UsageError(f"benchmark {name}: is named twice; tell the two apart with NAME=PATH")
        with path.open("rb") as file:
            found[name] = BenchmarkFile(name, path, hashlib.file_digest(file, "sha256").hexdigest())
    return [found[name] for name in sorted(found)]


def read_parts(files: Iterable[BenchmarkFile]) -> list[TaskText]:
    """Return the texts of all tasks, in the order of the files. Raises `UsageError` naming file, row and field."""
    parts: list[TaskText] = []
    for file in files:
        before = len(parts)
        form: _Format | None = None
        number = 0
        for number, row in enumerate(_rows(file.path), 1):
            where = f"benchmark {file.path}, row {number}"
            if not isinstance(row, dict):
                raise UsageError(f"{where}: must be an object with the fields of a task, not {_kind(row)}")
            form = form or _recognised(row, where)
            parts += _parts(file.name, form, row, number, where)
        if len(parts) == before:
            raise UsageError(f"benchmark {file.path}: has {number} rows and no text; is it the right file?")
    return parts


def _recognised(row: Mapping[str, Json], where: str) -> _Format:
    form = next((form for form in _FORMATS if all(name in row for name in form.needs)), None)
    if form is None:
        known = "; ".join(f"{form.name} ({', '.join(form.needs)})" for form in _FORMATS)
        raise UsageError(f"{where}: its fields ({', '.join(row)}) are those of no known format: {known}")
    return form


def _parts(benchmark: str, form: _Format, row: Mapping[str, Json], number: int, where: str) -> Iterator[TaskText]:
    """Yield the texts of one task that are not empty."""
    task = _task(form, row) or str(number)
    before = b""
    for name, measure in form.texts.items():
        value = row.get(name)
        if value is None and name not in form.needs:
            continue
        for text in _texts(value, measure, f"{where}, {name}"):
            if measure == "words":
                before += text + b"\n"
            whole = before + text if measure == "whole" else text
            if text.strip():
                yield TaskText(benchmark, task, name, "words" if measure == "words" else "code", whole)


def _task(form: _Format, row: Mapping[str, Json]) -> str | None:
    inner = row.get("metadata")
    for name in form.task:
        value = row.get(name)
        if value is None and isinstance(inner, dict):
            value = inner.get(name)
        if isinstance(value, str | int):
            return str(value)
    return None


def _texts(value: Json, measure: str, where: str) -> list[bytes]:
    """Return the texts in a field."""
    if measure == "solutions":
        try:
            listed = orjson.loads(value or "[]") if isinstance(value, str) else value
        except orjson.JSONDecodeError:
            listed = None
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise UsageError(f"{where}: must be a list of texts, or one as JSON, not {_kind(value)}")
        return [_utf8(cast("str", each)) for each in listed]
    if not isinstance(value, str):
        raise UsageError(f"{where}: must be a text, not {_kind(value)}")
    return [_added(value) if measure == "patch" else _utf8(value)]


def _added(patch: str) -> bytes:
    """Return the lines that a unified diff adds; what it leaves is in the repository anyway."""
    lines = [line[1:] for line in patch.split("\n") if line.startswith("+") and not line.startswith("+++ ")]
    return _utf8("\n".join(lines))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _kind(value: Json) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "nothing"}
    return kinds.get(type(value), "a number")


def _rows(path: Path) -> Iterator[Json]:
    """Yield the rows of a Parquet file, of JSON Lines, or of a JSON list; each of the latter two may be gzipped."""
    with path.open("rb") as file:
        head = file.read(4)
    if head == b"PAR1":
        try:
            for batch in pq.ParquetFile(path).iter_batches(1024):
                yield from batch.to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise UsageError(f"benchmark {path}: cannot be read as Parquet ({str(error).splitlines()[0]})") from None
        return
    try:
        with gzip.open(path) if head[:2] == b"\x1f\x8b" else path.open("rb") as opened:
            data = cast("io.BufferedIOBase", opened).read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"benchmark {path}: cannot be read ({error})") from None
    if len(data) > _MOST_BYTES:
        raise UsageError(f"benchmark {path}: unpacks to more than {_MOST_BYTES:,} bytes; give it in parts")
    if data.lstrip()[:1] == b"[":
        rows = _json(data, f"benchmark {path}")
        assert isinstance(rows, list)  # by its first sign
        yield from rows
        return
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            yield _json(line, f"benchmark {path}, line {number}")


def _json(data: bytes, where: str) -> Json:
    try:
        return cast("Json", orjson.loads(data))
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{where}: is no JSON ({error}); a benchmark is JSON Lines, a JSON list or Parquet") from None

"""Labelled questions as people have them in files, as rows of one shape.

SQuAD's JSON; the layout of `datasets` (`answers: {text, answer_start}`) as JSON, JSON Lines, CSV or Parquet; each may
be gzipped. Knows no metrics and no training.
"""

from __future__ import annotations

import ast
import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from drystone.errors import UsageError

#: Fields of a CSV: a context may be as long as a book.
_LONGEST_FIELD: Final = 1 << 28
#: Bytes that a gzipped file may hold: a few of its bytes may stand for a thousand times as many.
_LARGEST: Final = 1 << 32
_COLUMNS: Final = "columns question and context, and answers or answer"
#: How files say whether a question has no answer, in small letters.
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False, "": False, "none": False}


@dataclass(frozen=True)
class LabelledRow:
    """One question: golds with where they begin in the context (None: not said); without golds it has no answer."""

    id: str
    question: str
    context: str
    golds: tuple[str, ...]
    starts: tuple[int | None, ...]
    title: str
    where: str


@dataclass(frozen=True)
class LabelledFile:
    """The rows of a file, what it says of itself beside them, and its bytes."""

    rows: tuple[LabelledRow, ...]
    version: str
    license: str | None
    raw: bytes


def read_labelled(path: Path) -> LabelledFile:
    """Read a file of labelled questions.

    `id` may be text or a number, or be absent: then it is the row's number. Raises UsageError naming the place that is
    wrong.
    """
    try:
        raw = path.read_bytes()
        packed = path.suffix == ".gz"
        data = _unpacked(path, raw) if packed else raw
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise UsageError(f"{path}: not readable ({error}).") from None
    kind = Path(path.stem).suffix if packed else path.suffix
    said: Mapping[str, Any] = {}
    if kind in {".csv", ".tsv"}:
        rows = _table(path, data, "\t" if kind == ".tsv" else ",")
    elif kind == ".parquet":
        rows = _parquet(path, data)
    else:
        whole = _json(path, data)
        if isinstance(whole, dict) and isinstance(whole.get("data"), list):
            said, whole = whole, whole["data"]
        elif isinstance(whole, dict) and "question" in whole:  # JSON Lines, of which there is one
            whole = [whole]
        if not isinstance(whole, list):
            raise UsageError(
                f"{path}: is not as SQuAD lays it out (an object with a list `data`), nor rows with {_COLUMNS}."
            )
        rows = [("data" if said else "row") + f"[{i}]" for i in range(len(whole))], whole
    found = tuple(row for where, each in zip(*rows, strict=True) for row in _rows(path, where, each))
    license = said.get("license")
    return LabelledFile(found, str(said.get("version", "")), license if isinstance(license, str) else None, raw)


def _unpacked(path: Path, raw: bytes) -> bytes:
    with gzip.open(io.BytesIO(raw)) as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise UsageError(f"{path}: holds more than {_LARGEST:,} bytes; unpack it first.")
    return data


def _json(path: Path, data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        lines = [line for line in data.splitlines() if line.strip()]
        if len(lines) < 2 or not lines[0].lstrip().startswith(b"{"):
            raise UsageError(f"{path}: not readable JSON ({error}).") from None
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            rows.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path}: not readable JSON, nor JSON Lines ({error}, in line {number}).") from None
    return rows


def _table(path: Path, data: bytes, separator: str) -> tuple[list[str], list[Any]]:
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=separator, strict=True)
        rows = list(reader)
    except (ValueError, csv.Error) as error:
        raise UsageError(f"{path}: not a readable table ({error}).") from None
    return [f"row[{i}]" for i in range(len(rows))], rows


def _parquet(path: Path, data: bytes) -> tuple[list[str], list[Any]]:
    import pyarrow as pa  # noqa: PLC0415  slow to import
    from pyarrow import parquet  # noqa: PLC0415

    try:
        rows = parquet.read_table(pa.BufferReader(data)).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"{path}: not readable Parquet ({error}).") from None
    return [f"row[{i}]" for i in range(len(rows))], rows


def _rows(path: Path, where: str, item: Any) -> Iterator[LabelledRow]:
    """Yield the rows of an article of SQuAD, or the one that an item is."""
    try:
        if "paragraphs" not in item:
            yield _row(where, item, item["context"], where[where.index("[") + 1 : -1])
            return
        for j, paragraph in enumerate(item["paragraphs"]):
            context = paragraph["context"]
            for k, asked in enumerate(paragraph["qas"]):
                place = f"{where}.paragraphs[{j}].qas[{k}]"
                yield _row(place, {"title": item.get("title", ""), **asked}, context, None)
    except _WrongRowError as error:
        raise UsageError(f"{path}: {error.where} is not as SQuAD lays it out ({error}).") from None
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise UsageError(
            f"{path}: {where} is not as SQuAD lays it out, nor a row with {_COLUMNS} ({error!r})."
        ) from None


class _WrongRowError(Exception):
    def __init__(self, where: str, problem: str) -> None:
        super().__init__(problem)
        self.where = where


def _row(where: str, row: Mapping[str, Any], context: Any, number: str | None) -> LabelledRow:
    try:
        name = row.get("id", number) if number is not None else row["id"]
        name = number if name in {None, ""} else name
        if isinstance(name, bool) or not isinstance(name, str | int):
            raise TypeError("id must be a string or a number")
        question = row["question"]
        if not (isinstance(question, str) and isinstance(context, str)):
            raise TypeError("question and context must be strings")
        golds, starts = _golds(row)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise _WrongRowError(where, str(error) if isinstance(error, TypeError | ValueError) else repr(error)) from None
    return LabelledRow(str(name), question, context, golds, starts, str(row.get("title") or ""), where)


def _golds(row: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[int | None, ...]]:
    """Return golds and starts of `answers` (SQuAD's list, or the columns of `datasets`), or of `answer`."""
    said = str(row.get("is_impossible", "")).strip().lower()
    if said not in _FLAGS:
        raise ValueError(f"is_impossible: {said[:60]!r} is neither true nor false")
    if _FLAGS[said]:
        return (), ()
    if "answers" not in row:
        if "answer" not in row:
            raise TypeError("it has neither answers nor answer")
        given, start = row["answer"], row.get("answer_start")
        if given in {None, ""}:
            return (), ()
        return (_gold(given),), (None if start is None or start == "" else int(start),)
    answers = row["answers"]
    if isinstance(answers, str):  # a cell of a CSV
        answers = _cell(answers)
    if isinstance(answers, Mapping):
        if isinstance(answers["text"], str):
            raise TypeError("answers: text must be a list")
        texts, begins = list(answers["text"]), list(answers.get("answer_start") or [])
        begins = begins or [None] * len(texts)
        if len(texts) != len(begins):
            raise ValueError("answers: text and answer_start differ in length")
        pairs: Sequence[tuple[Any, Any]] = list(zip(texts, begins, strict=True))
    else:
        pairs = [(each["text"], each.get("answer_start")) for each in answers]
    return tuple(_gold(text) for text, _ in pairs), tuple(None if at is None else int(at) for _, at in pairs)


def _gold(answer: Any) -> str:
    if isinstance(answer, bool) or not isinstance(answer, str | int):
        raise TypeError(f"an answer must be a string or a number, not {type(answer).__name__}")
    return str(answer)


def _cell(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text)  # as Python writes a dictionary into a CSV
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"answers: {text[:60]!r} is neither JSON nor a Python literal") from None

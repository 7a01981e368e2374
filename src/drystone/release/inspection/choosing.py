"""Choosing rows of `data` by what their columns say: `language=Python`, `path=/src/*`, `license_confidence<0.75`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from drystone.errors import UsageError
from drystone.release.layout import shown
from drystone.release.read import Release
from drystone.release.schema import DATA

_CONDITION: Final = re.compile(r"([A-Za-z_0-9]+)(!=|<=|>=|=|<|>)(.*)", re.DOTALL)
_NUMBERS: Final = {"<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on a column: the sign, and the values of which one must fit (those of a file: several)."""

    column: str
    sign: str
    values: tuple[str, ...]

    def mask(self, table: pa.Table) -> Any:
        """Return which rows fit. A row without a value fits only where the condition asks for none."""
        column = table.column(self.column)
        if self.sign in _NUMBERS:
            return pc.fill_null(_NUMBERS[self.sign](column, float(self.values[0])), False)
        found = self._equal(column)
        return pc.invert(found) if self.sign == "!=" else found

    def _equal(self, column: pa.ChunkedArray) -> Any:
        if self.values == ("",):
            return pc.is_null(column)
        kind = column.type
        if pa.types.is_string(kind) and any("*" in value or "?" in value for value in self.values):
            pattern = "|".join(map(_regex, self.values))
            return pc.fill_null(pc.match_substring_regex(column, f"(?s)^(?:{pattern})$"), False)
        wanted = pa.array([_value(value, kind, self.column) for value in self.values], kind)
        return pc.fill_null(pc.is_in(column, value_set=wanted), False)


def conditions(texts: Iterable[str]) -> list[Condition]:
    """Return conditions as they are written: COLUMN, a sign (`=`, `!=`, `<`, `<=`, `>`, `>=`) and a value.

    In texts `*` and `?` stand for any characters and for one; an empty value means that the row has none; `@FILE` means
    the lines of a file. Raises `UsageError` for what is no condition, and for columns that are not there or are lists.
    """
    return [_condition(text) for text in texts]


def _condition(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise UsageError(f"'{shown(text)}' is no condition: write COLUMN=VALUE, for example language=Python")
    column, sign, value = match.groups()
    usable = [field.name for field in DATA if not pa.types.is_nested(field.type) and field.name != "content"]
    if column not in usable:
        close = difflib.get_close_matches(column, usable, 1)
        hint = f"; did you mean {close[0]}?" if close else f"; columns: {', '.join(usable)}"
        raise UsageError(f"'{shown(column)}' is no column to choose by{hint}")
    kind = DATA.field(column).type
    if sign in _NUMBERS:
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            raise UsageError(f"{column} is no number, so '{sign}' says nothing of it")
        _value(value, pa.float64(), column)
        return Condition(column, sign, (value,))
    values = _lines(value[1:]) if value.startswith("@") else (value,)
    if values != ("",) and not pa.types.is_string(kind):
        for each in values:
            _value(each, kind, column)
    return Condition(column, sign, values)


def _lines(file: str) -> tuple[str, ...]:
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{shown(file)} cannot be read: {shown(str(error))}") from None
    return tuple(line for line in lines if line)


def _value(text: str, kind: pa.DataType, column: str) -> Any:
    try:
        if pa.types.is_boolean(kind):
            return {"true": True, "false": False}[text.lower()]
        return text if pa.types.is_string(kind) else pa.scalar(text).cast(kind).as_py()
    except (KeyError, pa.ArrowException):
        raise UsageError(f"{column} is of type {kind}; '{shown(text)}' is none") from None


def _regex(glob: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in re.split(r"([*?])", glob))


def chosen_rows(release: Release, chosen: Sequence[Condition], columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield the rows of data that fit all conditions, with some columns. Raises as `Release.data` does."""
    read = [*columns, *{one.column: None for one in chosen if one.column not in columns}]
    for table in release.data(columns=read):
        left = table
        for one in chosen:
            left = left.filter(one.mask(left))
        if left.num_rows:
            yield left.select(list(columns))

"""Choosing rows of `data` by what their columns say: `language=Python`, `path=/src/*`, `license_confidence<0.75`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from drystone.errors import UsageError
from drystone.release.files import read_bounded_text
from drystone.release.layout import shown
from drystone.release.read import Release
from drystone.release.schema import DATA

_CONDITION: Final = re.compile(r"([A-Za-z_0-9]+)(!=|<=|>=|=|<|>)(.*)", re.DOTALL)
#: Bytes of a list of values, at most.
_LARGEST: Final = 256 << 20
_NUMBERS: Final = {"<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on a column: the sign, and the values of which one must fit (those of a file: several)."""

    column: str
    sign: str
    values: tuple[str, ...]

    def mask(self, table: pa.Table) -> Any:
        """Return which rows fit. A row without a value fits where the condition asks for none, and each `!=VALUE`."""
        column = table.column(self.column)
        if self.sign in _NUMBERS:
            return pc.fill_null(_NUMBERS[self.sign](column, float(self.values[0])), False)
        found = self._equal(column)
        return pc.invert(found) if self.sign == "!=" else found

    def _equal(self, column: pa.ChunkedArray) -> Any:
        if self.values == ("",):
            return pc.is_null(column)
        plain, wild = _sought(self.column, self.values, column.type)
        found = pc.is_in(column, value_set=plain)
        if wild:
            try:
                found = pc.or_(found, pc.match_substring_regex(column, wild))
            except pa.ArrowInvalid:  # RE2 bounds the size of what it compiles
                raise UsageError(f"{self.column}: so many values with * or ? cannot be looked for at once") from None
        return pc.fill_null(found, False)


@lru_cache(maxsize=16)
def _sought(column: str, values: tuple[str, ...], kind: pa.DataType) -> tuple[pa.Array, str | None]:
    """Return the values that are looked for as they are, and a pattern of those with wildcards; once for all tables."""
    wild = [value for value in values if pa.types.is_string(kind) and ("*" in value or "?" in value)]
    plain = [_value(value, kind, column) for value in {*values}.difference(wild)]
    return pa.array(plain, kind), f"(?s)^(?:{'|'.join(map(_regex, wild))})$" if wild else None


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
    lines = read_bounded_text(Path(file), _LARGEST).split("\n")  # a path may hold what `splitlines` takes for an end
    return tuple(line.removesuffix("\r") for line in lines if line.removesuffix("\r"))


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

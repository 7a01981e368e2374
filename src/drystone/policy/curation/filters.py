"""Filters in SQL: expressions over what is known of a file, each true for files that shall not be in a release.

DuckDB parses and computes them. They are expressions and nothing else: no query, no function but those listed here, so
that nothing is read and the same file always has the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson
import pyarrow as pa

from drystone.detect import quality
from drystone.detect.columns import column_detectors
from drystone.errors import MissingExtraError, UsageError, did_you_mean
from drystone.release.schema import DATA

if TYPE_CHECKING:
    import duckdb

_OWN: Final = (
    ("path", pa.string()),
    ("name", pa.string()),
    ("origin", pa.string()),
    ("stars", pa.int64()),
    ("forks", pa.int64()),
    ("revision_date", pa.timestamp("us")),
    ("size", pa.int64()),
    ("language", pa.string()),
    ("language_confidence", pa.float32()),
    ("license_type", pa.string()),
    ("license_expression", pa.string()),
    ("generated", pa.bool_()),
)
#: Measures of the text, as annotations have them.
MEASURES: Final = (("text_bytes", pa.int64()), *((field.name, field.type) for field in quality.MEASURES))
_CLASSES: Final = frozenset(
    {"CONSTANT", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN", "CASE", "CAST", "FUNCTION", "TYPE"}
)
#: Functions of DuckDB that read nothing, give the same answer every time, and make nothing large of something small.
FUNCTIONS: Final = frozenset((
    "+", "-", "*", "/", "//", "%", "~~", "!~~", "~~*", "!~~*", "~~~", "^@", "||", "abs", "array_contains",
    "array_length", "ceil", "ceiling", "concat", "contains", "date_part", "day", "ends_with", "floor", "greatest",
    "ifnull", "instr", "isfinite", "isnan", "least", "left", "len", "length", "list_contains", "list_has",
    "list_has_all", "list_has_any", "list_value", "lower", "ltrim", "month", "nullif", "prefix", "regexp_extract",
    "regexp_full_match", "regexp_matches", "right", "round", "rtrim", "sign", "split_part", "starts_with", "strlen",
    "strpos", "substr", "substring", "suffix", "trim", "upper", "year",
))  # fmt: skip
_LONGEST: Final = 10_000


@cache
def columns() -> pa.Schema:
    """Return the columns that a filter may name; those that detectors make come last."""
    return pa.schema([*_OWN, *MEASURES, *(DATA.field(name) for name in column_detectors())])


def check_filter(name: str, expression: str) -> None:
    """Raise `UsageError` where an expression is not one, names what is not there, or may do more than compute."""
    where = f"filter {name!r}"
    if len(expression) > _LONGEST:
        raise UsageError(f"{where}: has {len(expression):,} characters; {_LONGEST:,} are the most")
    if not expression.strip():
        raise UsageError(f"{where}: is empty; write an expression such as language = 'Python'")
    connection = _connect()
    said = connection.execute("SELECT json_serialize_sql(?)", [_select([expression])]).fetchall()
    tree = orjson.loads(said[0][0])
    if tree["error"]:
        problem = tree.get("error_message", "it cannot be parsed")
        raise UsageError(f"{where}: is no SQL expression ({problem}); write one such as language = 'Python'")
    _check_shape(tree["statements"], where)
    _check_parts(tree["statements"][0]["node"]["select_list"], where)
    _check_type(connection, expression, where)


def _check_shape(statements: Sequence[Mapping[str, Any]], where: str) -> None:
    """Raise where it is more than one expression, such as one that closes the bracket around it."""
    node = statements[0]["node"] if len(statements) == 1 else {}
    plain = (
        node.get("type") == "SELECT_NODE"
        and len(node["select_list"]) == 1
        and node["from_table"]["type"] == "EMPTY"
        and not node["modifiers"]
        and not node["cte_map"]["map"]
        and not any(node[part] for part in ("where_clause", "group_expressions", "having", "qualify", "sample"))
    )
    if not plain:
        raise UsageError(f"{where}: must be one expression, and no query")


def _check_parts(tree: object, where: str) -> None:
    known = columns().names
    for part in _parts(tree):
        kind = part["class"]
        if kind == "FUNCTION":
            function = str(part["function_name"])
            if function not in FUNCTIONS or part.get("schema") or part.get("catalog"):
                hint = did_you_mean(function, FUNCTIONS)
                raise UsageError(f"{where}: the function {function} is not one that filters may use{hint}")
        elif kind == "COLUMN_REF":
            names = part["column_names"]
            if len(names) != 1 or names[0].lower() not in known:
                column = ".".join(names)
                hint = did_you_mean(column, known) or f"; there are {', '.join(known)}"
                raise UsageError(f"{where}: there is no column {column}{hint}")
        elif kind not in _CLASSES:
            raise UsageError(f"{where}: {kind.lower()} is not allowed; it may compare and compute, and read nothing")


def _parts(tree: object) -> Iterator[Mapping[str, Any]]:
    """Yield every part of an expression."""
    todo = [tree]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            if "class" in part:
                yield part
            todo.extend(part.values())
        elif isinstance(part, list):
            todo.extend(part)


def _check_type(connection: duckdb.DuckDBPyConnection, expression: str, where: str) -> None:
    import duckdb  # noqa: PLC0415

    connection.register("files", columns().empty_table())
    try:
        kind = str(connection.sql(f"{_select([expression])} FROM files").types[0])
    except duckdb.Error as error:
        raise UsageError(f"{where}: {str(error).splitlines()[0]}") from None
    finally:
        connection.unregister("files")
    if kind not in ("BOOLEAN", "bool"):
        raise UsageError(f"{where}: must be true or false for a file, and is of type {kind}")


class Filters:
    """Checked filters, ready to be asked; not shared between threads."""

    def __init__(self, filters: Sequence[tuple[str, str]]) -> None:
        for name, expression in filters:
            check_filter(name, expression)
        self.names = [name for name, _ in filters]
        self._query = f"{_select([expression for _, expression in filters])} FROM files"
        self._connection = _connect()

    def first(self, files: pa.Table) -> list[int | None]:
        """Return for each row of `files` (`columns()`) the number of the first filter that is true, None for none.

        What is unknown (NULL) is not true. Raises `UsageError` where an expression fails on a value, such as a cast.
        """
        import duckdb  # noqa: PLC0415

        self._connection.register("files", files)
        try:
            found = self._connection.sql(self._query).to_arrow_table()
        except duckdb.Error as error:
            raise UsageError(f"filters {', '.join(self.names)}: {str(error).splitlines()[0]}") from None
        finally:
            self._connection.unregister("files")
        answers = zip(*(column.to_pylist() for column in found.columns), strict=True)
        return [next((at for at, true in enumerate(row) if true), None) for row in answers]


@lru_cache(maxsize=2)
def filters_of(filters: tuple[tuple[str, str], ...]) -> Filters:
    """Return filters that were checked once in this process."""
    return Filters(filters)


def _select(expressions: Sequence[str]) -> str:
    # On lines of their own: a remark at the end of one ends there.
    return "SELECT " + ", ".join(f"(\n{expression}\n) AS f{i}" for i, expression in enumerate(expressions))


def _connect() -> duckdb.DuckDBPyConnection:
    """Return an empty database that reads no file, loads nothing, and tells the time as UTC wherever it runs."""
    try:
        import duckdb  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("DuckDB, which computes filters,", "filters") from None
    safe: dict[str, str | int] = {
        "enable_external_access": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "threads": 1,
        "memory_limit": "1GB",
        "preserve_insertion_order": "true",
    }
    connection = duckdb.connect(config=safe)  # type: ignore[arg-type]
    connection.execute("SET TimeZone = 'UTC'")  # else the host's, which casts with a time zone go by
    connection.execute("SET lock_configuration = true")
    return connection

"""The table of columns as Arrow schemas, and the sets of columns that follow from it.

The first 26 columns of `DATA` are those of The Stack v2, under its names and types, in its order, so that code
written for it runs unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from drystone.release import columns
from drystone.release.columns import Column, ColumnOrigin, Kind


def _schema(of: Iterable[Column]) -> pa.Schema:
    return pa.schema([(column.name, column.type) for column in of])


DATA: Final = _schema(columns.DATA)
LEDGER: Final = _schema(columns.LEDGER)
REPOSITORIES: Final = _schema(columns.REPOSITORIES)
#: Columns that the rows of the ledger are sorted by; no two rows agree in all of them.
LEDGER_KEY: Final = ("repository_id", "path", "entry")
#: Columns that the rows of each table in one file are sorted by; no two rows agree in all of them.
KEYS: Final[dict[Kind, tuple[str, ...]]] = {
    "repositories": ("repository_id",),
    "repository_duplicates": ("repository_id", "other_repository_id"),
    "history": ("origin", "generation", "revision_id"),
}
#: By kind of file, as the manifest has it.
SCHEMAS: Final[dict[Kind, pa.Schema]] = {kind: _schema(table) for kind, table in columns.TABLES.items()}
#: Columns that every release has, whichever version of the format it is of.
LEAST: Final = {
    kind: frozenset(column.name for column in table if column.since == 1) for kind, table in columns.TABLES.items()
}

#: The 26 columns of bigcode/the-stack-v2.
STACK_V2: Final = _schema(column for column in columns.DATA if column.stack_v2)

#: Columns of a row of data that its repository's row gives, under the same names.
OF_REPOSITORY: Final = tuple(column.name for column in columns.DATA if column.origin is ColumnOrigin.REPOSITORY)
#: Columns of a row of data that may differ between versions though bytes, program, settings and repository do not.
OF_OCCURRENCE: Final = tuple(column.name for column in columns.DATA if column.origin is ColumnOrigin.OCCURRENCE)
#: Columns of a row of data that its ledger row has too.
SHARED: Final = tuple(name for name in DATA.names if name in LEDGER.names)
#: Columns of data in which no two rows are alike.
DISTINCT: Final = frozenset(column.name for column in columns.DATA if column.distinct)
#: Columns of the ledger in which an occurrence of two releases may differ.
COMPARED: Final = tuple(column.name for column in columns.LEDGER if column.compared)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the columns of a file must be.

    `schema`: those that this program knows, in their order. `least`: those of them that must be there; any other that
    is missing is read as null. `names`: all that the file has, known or not, in order. None: nobody says; then it has
    those of `schema`, or some of them in that order, and unknown ones only where `others` says so.
    """

    schema: pa.Schema
    least: frozenset[str]
    names: tuple[str, ...] | None = None
    others: bool = False


def expected(kind: Kind, names: Sequence[str] | None = None) -> Expected:
    """Return what the files of a kind have as columns: `names` where the manifest announces them.

    Where it announces none (version 1 of the format): those that this program knows, at least those of version 1.
    """
    return Expected(SCHEMAS[kind], LEAST[kind], None if names is None else tuple(names))


#: For those who read a file of which they know no manifest: columns that this program does not know are passed over.
ANY_DATA: Final = Expected(DATA, LEAST["data"], others=True)
ANY_LEDGER: Final = Expected(LEDGER, LEAST["ledger"], others=True)

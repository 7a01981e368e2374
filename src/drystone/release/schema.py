"""The table of columns as Arrow schemas, and the sets of columns that follow from it.

The first 26 columns of `DATA` are those of The Stack v2, under its names and types, in its order, so that code
written for it runs unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pyarrow as pa

from drystone.release import columns
from drystone.release.columns import Column, ColumnOrigin


def _schema(of: Iterable[Column]) -> pa.Schema:
    return pa.schema([(column.name, column.type) for column in of])


DATA: Final = _schema(columns.DATA)
LEDGER: Final = _schema(columns.LEDGER)
REPOSITORIES: Final = _schema(columns.REPOSITORIES)
#: Columns that the rows of the ledger are sorted by; no two rows agree in all of them.
LEDGER_KEY: Final = ("repository_id", "path", "entry")
#: By kind of file, as the manifest has it.
SCHEMAS: Final = {"data": DATA, "ledger": LEDGER, "repositories": REPOSITORIES}

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

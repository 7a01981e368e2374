"""Tables between stages: rows as Python values have the columns of their tables."""

from __future__ import annotations

import pyarrow as pa

from drystone.building.stages.contents import Extent
from drystone.building.stages.decide import CANDIDATES
from drystone.building.stages.tables import ANNOTATIONS, BLOBS, OCCURRENCES, BlobRow, as_rows
from drystone.detect.quality import MEASURES
from drystone.policy.quality import Measures


def test_rows_as_python_values_have_the_columns_of_their_tables() -> None:
    assert list(BlobRow._fields) == BLOBS.names
    assert set(Extent._fields) <= set(BLOBS.names) & set(CANDIDATES.names)
    assert set(Measures._fields) <= set(ANNOTATIONS.names)
    assert set(MEASURES.names) <= set(Measures._fields)
    assert {"id", "repository", "path"} <= set(OCCURRENCES.names)


def test_a_table_becomes_rows_whatever_the_order_of_its_columns() -> None:
    table = pa.table({"size": [3, 4], "offset": [0, 3], "partition": [0, 0], "repository": [0, 1], "id": [b"a", b"b"]})
    assert as_rows(table, Extent, Extent._fields) == [Extent(0, 0, 0, 3, b"a"), Extent(0, 1, 3, 4, b"b")]
    assert as_rows(table.slice(0, 0), Extent, Extent._fields) == []

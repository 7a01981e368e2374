"""The cell and the line of a byte of a notebook, also of one that is broken off."""

import json
import time

import pytest

from drystone.detect.places import cell_places


@pytest.mark.parametrize("indent", [None, 1])
def test_places_in_a_notebook_are_told_by_cell_and_line(indent: int | None) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "\n", "TEXT"]},
        {"cell_type": "code", "source": "a = '\\\\n'\n\nCODE\n", "outputs": [{"text": ["OUTPUT\n"]}]},
        {"cell_type": "code", "source": ["LAST"]},
    ]
    words = (b"TEXT", b"CODE", b"OUTPUT", b"LAST", b"BESIDE")
    for book in (
        {"cells": cells, "metadata": {"cells": "BESIDE"}},
        {"worksheets": [{"cells": cells}], "metadata": {"cells": "BESIDE"}},
    ):
        data = json.dumps(book, indent=indent).encode()
        places = [(1, 3), (2, 3), (2, 0), (3, 1), None]
        assert cell_places(data, [data.index(word) for word in words]) == places
        short = data[: data.index(b"LAST")]  # broken off: what stands before is told all the same
        assert cell_places(short, [short.index(word) for word in words[:3]]) == places[:3]


@pytest.mark.parametrize(
    "data",
    [
        b'{"cells": [{"source": "' + b'\\"' * 300_000,  # each quote would begin a string
        b"[" * 300_000 + b'"",' * 300_000,
        b'{"cells": [{"source": "' + b"a\\n" * 300_000 + b'"}]}',
    ],
    ids=["a string without an end", "deep brackets", "many places in one string"],
)
def test_places_in_hostile_text_are_told_in_time_that_grows_with_its_size(data: bytes) -> None:
    start = time.process_time()
    assert len(cell_places(data, range(0, len(data), 40))) == len(range(0, len(data), 40))
    assert time.process_time() - start < 10

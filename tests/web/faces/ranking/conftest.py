"""A server over a catalog with a few readers, ranks of two days, and one whose words are hostile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest

from drystone.catalog.importing.imported import Imported
from drystone.catalog.passports.reading import json_of, read_passport
from drystone.catalog.passports.texts import kept_by_hash
from drystone.catalog.ranking.book import RankBook
from drystone.catalog.ranking.ranking import rank_shelf
from drystone.catalog.shelf.shelf import Shelf
from tests.catalog.passports.made import TEXT
from tests.catalog.ranking.made import whole_reader
from tests.web.pages import Site, site

HOSTILE = '<script>alert(1)</script>"'


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("ranks")
    given = json.loads(json_of(whole_reader("odd", 70.0)))
    given["artifact"]["title"] = HOSTILE
    with Shelf(folder / "catalog.sqlite", make=True) as shelf:
        for passport in (whole_reader("rocks", 95.0), read_passport(json.dumps(given).encode(), "odd")):
            shelf.add(Imported(passport, kept_by_hash([TEXT])))
        for day in (29, 30):
            found = rank_shelf(shelf, None, [], date(2026, 11, day))
            RankBook(shelf.engine).keep(found.kinds, found.scoring, found.day)
        with site(folder, catalog=shelf) as running:
            yield running

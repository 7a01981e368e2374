from __future__ import annotations

from dataclasses import asdict

import orjson

from drystone.release.read import Release
from drystone.search import verbs


def test_answers_are_json(release: Release) -> None:
    found = list(verbs.search_ledger([release], "kept:no", limit=None))
    assert len({one.reason for one in found}) > 2
    for one in found:
        assert orjson.loads(orjson.dumps(asdict(one)))["path"] == one.path

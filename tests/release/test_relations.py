"""The laws of histories and of pairs of repositories: what breaks them is told."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from drystone.release.checking.relations import Relations
from drystone.release.schema import SCHEMAS

REPOSITORIES = [
    {"repository_id": "a", "origin": "git:one", "revision_id": "1" * 40, "status": "read"},
    {"repository_id": "b", "origin": "git:two", "revision_id": "2" * 40, "status": "read"},
]
REVISION = {"origin": "git:one", "generation": 1, "revision_id": "1" * 40, "parents": [], "changes": []}
PAIR = {"repository_id": "a", "other_repository_id": "b", "origin": "git:one", "share": 0.5, "similarity": 0.5}


def told(kind: Any, *rows: dict[str, Any]) -> list[str]:
    found: list[str] = []
    listed = pa.Table.from_pylist(REPOSITORIES, SCHEMAS["repositories"])
    relations = Relations([listed], lambda check, path, what: found.append(f"{check}: {what}"))
    relations.add(pa.Table.from_pylist(list(rows), SCHEMAS[kind]), f"{kind}.parquet", kind)
    relations.finish()
    return found


def test_histories_have_the_revisions_of_listed_repositories_in_order() -> None:
    other = {**REVISION, "origin": "git:two", "revision_id": "2" * 40}
    assert told("history", REVISION, other) == []
    assert told("history", REVISION) == []  # a repository without a history is one that was not read as git
    (order,) = told("history", other, REVISION)
    assert order.startswith("order: ('git:one', 1, ")
    assert told("history", {**REVISION, "revision_id": "3" * 40}) == [
        f"relations: revision {'1' * 40} of git:one is not in its history"
    ]
    assert told("history", {**REVISION, "origin": "git:nobody"}) == [
        "relations: origin git:nobody is not listed in repositories.parquet"
    ]


def test_pairs_are_of_listed_repositories_and_shares_are_shares() -> None:
    assert told("repository_duplicates", PAIR) == []
    assert told("repository_duplicates", PAIR, PAIR) == ["order: ('a', 'b') follows ('a', 'b')"]
    assert told("repository_duplicates", {**PAIR, "other_repository_id": "c"}) == [
        "relations: c is not listed in repositories.parquet"
    ]
    assert told("repository_duplicates", {**PAIR, "share": 1.5}) == ["relations: share of git:one and None is 1.5"]


def test_rows_without_a_key_are_told_and_those_behind_them_compared() -> None:
    nobody = {**PAIR, "repository_id": None}
    assert told("repository_duplicates", nobody, PAIR, PAIR) == [
        "order: (None, 'b') is no key",
        "order: ('a', 'b') follows ('a', 'b')",
        "relations: None is not listed in repositories.parquet",
    ]
    assert told("history", {**REVISION, "generation": None}, REVISION) == [
        f"order: ('git:one', None, '{'1' * 40}') is no key"
    ]

"""Tables and files of any text column, good and bad."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.dedup import near, table
from drystone.errors import UsageError

from .conftest import hostile, variations


def keep(texts: list[Any], kind: pa.DataType | None = None, **columns: Any) -> list[dict[str, Any]]:
    extra = {name: columns.pop(name) for name in ("id_values", "group_values", "order_values") if name in columns}
    data = {"content": pa.array(texts, kind)} | {k.removesuffix("_values"): v for k, v in extra.items()}
    rows = near.keep(pa.table(data), **{k.removesuffix("_values"): k.removesuffix("_values") for k in extra} | columns)
    assert rows.schema.equals(near.KEEP)
    assert len(rows) == len(texts)
    out: list[dict[str, Any]] = rows.to_pylist()
    return out


def kept(texts: list[Any], **more: Any) -> list[int]:
    return [i for i, row in enumerate(keep(texts, **more)) if row["keep"]]


TEXT = "one two three four five six seven"


def test_rows_say_which_row_stands_for_them() -> None:
    rows = keep(["other words of quite another kind here", TEXT, None, TEXT + "!", TEXT])
    assert rows[0] == {"keep": True, "cluster": None, "kept_row": None, "similarity": None}
    assert rows[1] == {"keep": True, "cluster": 1, "kept_row": None, "similarity": None}
    assert rows[2] == {"keep": True, "cluster": None, "kept_row": None, "similarity": None}
    assert rows[3] == rows[4] == {"keep": False, "cluster": 1, "kept_row": 1, "similarity": 1.0}


def test_order_and_group_are_followed() -> None:
    assert kept([TEXT] * 4, order_values=[3, 1, 2, 1]) == [1]
    assert kept([TEXT] * 3, order_values=[None, 5, 7]) == [1]
    assert kept([TEXT] * 4, group_values=["a", "b", "a", None]) == [0, 1, 3]
    assert kept([TEXT] * 4, group_values=[1, 2, 1, 2]) == [0, 1]


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
def test_every_text_type(kind: pa.DataType) -> None:
    assert kept([TEXT, "a b", TEXT, "a b", None], kind=kind) == [0, 1, 4]


def test_hostile_texts() -> None:
    assert kept([b""]) == [0]
    assert kept([b"", b"", b"one", b"one", None, None]) == [0, 2, 4, 5]
    assert kept([b"x " * 1000, b"x " * 2000, b"x " * 4]) == [0, 2]  # one repeated token: one shingle
    assert kept([b"\xff\xfe " * 50, b"\xff\xfe " * 50]) == [0]
    assert kept([TEXT] * 5000) == [0]
    assert kept([]) == []
    assert near.keep(pa.table({"content": pa.nulls(3)})).column("keep").to_pylist() == [True] * 3
    texts = hostile()
    first = [i for i, t in enumerate(texts) if texts.index(t) == i]
    rows = keep(texts)
    assert all(rows[i]["keep"] is False for i in set(range(len(texts))) - set(first))
    for i, row in enumerate(rows):
        if not row["keep"] and row["similarity"] != 1.0:
            assert near.explain(texts[i], texts[row["kept_row"]], near.Method())["similarity"] == row["similarity"]


def test_a_document_of_200_megabytes() -> None:
    line = b"def function_%d(argument):\n    return argument + %d\n"
    big = b"".join(line % (i % 5000, i % 7000) for i in range(4_000_000))
    assert len(big) > 200e6
    rows = keep([big, big[: len(big) // 2], b"short one", b" " * 200_000_000], kind=pa.large_binary())
    assert [row["keep"] for row in rows] == [True, False, True, True]
    assert rows[1]["similarity"] > 0.99


def test_wrong_columns_are_named() -> None:
    rows = pa.table({"content": ["a"], "n": [1]})
    for wrong, message in (
        ({"text": "body"}, "no column 'body'; the columns are content, n"),
        ({"text": "n"}, "'n' is of type int64"),
        ({"id": "x"}, "no column 'x'"),
    ):
        with pytest.raises(UsageError, match=message):
            near.keep(rows, **wrong)
    twice = pa.table({"content": ["a", "b", "c"], "id": ["u", "v", "u"]})
    with pytest.raises(UsageError, match="'u' more than once"):
        near.keep(twice, id="id")
    with pytest.raises(UsageError, match="null"):
        near.keep(pa.table({"content": ["a", "b"], "id": ["u", None]}), id="id")


def test_a_file_gives_what_its_table_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(4)
    texts: list[Any] = [*variations(4, families=40), b"x y", b"x y", None, b"", b""]
    columns = {"group": [chance.choice("ab") for _ in texts], "order": [chance.random() for _ in texts]}
    rows = pa.table({"content": pa.array(texts, pa.binary()), **columns})
    path = tmp_path / "in.parquet"
    pq.write_table(rows, path, row_group_size=37)
    expected = near.keep(rows, group="group", order="order")
    assert not all(expected.column("keep").to_pylist())
    monkeypatch.setattr(table, "BATCH_ROWS", 11)
    monkeypatch.setattr("drystone.dedup.files.BATCH_ROWS", 11)
    (tmp_path / "work").mkdir()
    result, summary = near.keep_file(path, near.Method(), tmp_path / "work", group="group", order="order")
    assert result.equals(expected)
    assert summary["documents"] == len(texts)
    counts = near.write_kept(path, result, tmp_path)
    written = pq.read_table(tmp_path / "kept.parquet")
    assert written.drop_columns(["near_duplicate_cluster"]).equals(rows.filter(expected.column("keep")))
    removed = pq.read_table(tmp_path / "removed.parquet")
    assert counts == {
        "kept": len(written),
        "dropped": len(removed),
        "clusters": len(set(expected["cluster"].to_pylist()) - {None}),
    }
    assert removed.column_names == ["row", "kept_row", "similarity"]

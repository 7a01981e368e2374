"""Features in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from drystone.errors import UsageError
from drystone.reader import Reader
from drystone.reader.features.features import features, pooled
from drystone.reader.features.tables import write_features, write_vectors
from tests.reader.features.test_features import CONTEXT, QUESTION


def test_files_hold_the_features(bert: Reader, tmp_path: Path) -> None:
    windows = features(bert, QUESTION, CONTEXT * 6, max_seq_len=64)
    write_features(tmp_path / "f.npz", windows)
    with np.load(tmp_path / "f.npz") as arrays:
        assert np.array_equal(arrays["attentions_1"], windows[1].attentions)
        assert np.array_equal(arrays["hidden_0"], windows[0].hidden)
    write_features(tmp_path / "f.parquet", windows)
    rows = pq.read_table(tmp_path / "f.parquet").to_pylist()
    assert len(rows) == sum(len(w.tokens) for w in windows)
    second = [row for row in rows if row["window"] == 1]
    at = second[3]
    assert np.array_equal(np.array(at["hidden"], np.float32), windows[1].hidden[:, 3])
    assert np.array_equal(np.array(at["attention"], np.float32), windows[1].attentions[:, :, 3])
    vectors = pooled(bert, ["one", "two words"])
    for name in ("v.npy", "v.parquet"):
        write_vectors(tmp_path / name, ["one", "two words"], vectors)
    assert np.array_equal(np.load(tmp_path / "v.npy"), vectors)
    table = pq.read_table(tmp_path / "v.parquet")
    assert np.array_equal(np.array(table["vector"].to_pylist(), np.float32), vectors)
    for write, path in ((write_features, "f.csv"), (write_vectors, "v.npz")):
        with pytest.raises(UsageError, match="the name must end in"):
            write(tmp_path / path, *([windows] if write is write_features else [[], vectors]))  # type: ignore[operator]

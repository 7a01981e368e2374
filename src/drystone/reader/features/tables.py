"""Writes features as numpy or Parquet files, by the name of the file; it knows nothing of models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from drystone.errors import UsageError
from drystone.reader.features.features import Features


def write_vectors(path: Path, texts: Sequence[str], vectors: np.ndarray) -> None:
    """Write pooled vectors float32 [texts, size]: `.npy` the array, `.parquet` columns text and vector.

    Raises UsageError for another ending or a place that cannot be written.
    """
    try:
        if path.suffix == ".npy":
            with path.open("wb") as file:
                np.save(file, vectors)
        elif path.suffix == ".parquet":
            column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1])
            pq.write_table(pa.table({"text": [_valid(t) for t in texts], "vector": column}), path, compression="zstd")
        else:
            raise UsageError(f"{path}: the name must end in .npy or .parquet.")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror or error}).") from None


def write_features(path: Path, windows: Sequence[Features]) -> None:
    """Write the features of windows: `.npz` an array for each part and window, `.parquet` one row for each token.

    In the archive names are `hidden_0`, `attentions_0`, `logits_0`, `spans_0`, `tokens_0`, `source_0`, then `…_1` for
    the second window. In the table `hidden` is [layers + 1][hidden], and `attention` [layers][heads][tokens], what this
    token attends to. Raises UsageError for another ending or a place that cannot be written.
    """
    try:
        if path.suffix == ".npz":
            arrays = {}
            for i, window in enumerate(windows):
                for name in ("hidden", "attentions", "logits", "spans"):
                    arrays[f"{name}_{i}"] = getattr(window, name)
                arrays[f"tokens_{i}"], arrays[f"source_{i}"] = np.array(window.tokens), np.array(window.source)
            with path.open("wb") as file:
                np.savez_compressed(file, allow_pickle=False, **arrays)
        elif path.suffix == ".parquet":
            pq.write_table(pa.concat_tables(_rows(i, w) for i, w in enumerate(windows)), path, compression="zstd")
        else:
            raise UsageError(f"{path}: the name must end in .npz or .parquet.")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror or error}).") from None


def _rows(number: int, window: Features) -> pa.Table:
    count = len(window.tokens)
    layers, heads = window.attentions.shape[:2]
    states, _, size = window.hidden.shape
    hidden = pa.FixedSizeListArray.from_arrays(pa.array(window.hidden.transpose(1, 0, 2).reshape(-1)), size)
    weights = pa.array(window.attentions.transpose(2, 0, 1, 3).reshape(-1))
    per_head = pa.ListArray.from_arrays(np.arange(0, len(weights) + 1, count, dtype=np.int32), weights)
    per_layer = pa.FixedSizeListArray.from_arrays(per_head, heads)
    return pa.table(
        {
            "window": pa.array(np.full(count, number, np.int32)),
            "position": pa.array(np.arange(count, dtype=np.int32)),
            "token": [_valid(token) for token in window.tokens],
            "source": window.source,
            "start": pa.array(window.spans[:, 0]),
            "end": pa.array(window.spans[:, 1]),
            "start_logit": pa.array(window.logits[:, 0]),
            "end_logit": pa.array(window.logits[:, 1]),
            "hidden": pa.FixedSizeListArray.from_arrays(hidden, states),
            "attention": pa.FixedSizeListArray.from_arrays(per_layer, layers),
        }
    )


def _valid(text: str) -> str:
    return text.encode("utf-8", "replace").decode()

"""Reads training exports with the formats' own readers: `python readers.py FOLDER LENGTH`, prints samples as JSON.

FOLDER holds an export in a folder for each form. Runs with the readers' packages on its path (see test_readers.py) and
imports nothing of Drystone.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from pathlib import Path
from typing import Any


def megatron(folder: Path, length: int) -> list[Any]:
    from megatron.core.datasets.indexed_dataset import IndexedDataset

    found = IndexedDataset(str(folder / "data/train-00000"))
    assert found.document_indices.tolist() == list(range(len(found) + 1))
    return [found[at].tolist() for at in range(len(found))]


def mds(folder: Path, length: int) -> list[Any]:
    # The package's own __init__ loads readers of pictures and clients of clouds, which this needs nothing of.
    where = Path(next(iter(importlib.util.find_spec("streaming").submodule_search_locations)))  # type: ignore[union-attr, arg-type]
    for name, place in (("streaming", where), ("streaming.base", where / "base")):
        module = types.ModuleType(name)
        module.__path__ = [str(place)]
        sys.modules[name] = module
    from streaming.base.local import LocalDataset

    found = LocalDataset(str(folder / "data/train"))
    samples = [found[at] for at in range(len(found))]
    assert all(sample["mask"].sum() == sample["lengths"].sum() for sample in samples)
    return [sample["tokens"].tolist() for sample in samples]


def webdataset(folder: Path, length: int) -> list[Any]:
    from webdataset import WebDataset

    shards = sorted(map(str, folder.glob("data/*.tar")))
    samples = list(WebDataset(shards, shardshuffle=False).decode())
    assert all(sample["mask.npy"].sum() == sample["lengths.npy"].sum() for sample in samples)
    return [sample["tokens.npy"].tolist() for sample in samples]


def nanoset(folder: Path, length: int) -> list[Any]:
    from datatrove.utils.dataset import DatatroveFolderDataset

    found = DatatroveFolderDataset(
        str(folder / "data"), seq_len=length - 1, filename_pattern="*.ds", return_positions=True
    )
    samples = [found[at] for at in range(len(found))]
    assert all((sample["positions"] == 0).sum() >= 1 for sample in samples)
    return [sample["input_ids"].tolist() for sample in samples]


if __name__ == "__main__":
    place, size = Path(sys.argv[1]), int(sys.argv[2])
    print(
        json.dumps({read.__name__: read(place / read.__name__, size) for read in (megatron, mds, webdataset, nanoset)})
    )

"""What is written is read back by code of the tests' own, and in test_readers.py by the formats' real readers."""

from __future__ import annotations

import io
import json
import tarfile
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from drystone.errors import UsageError
from drystone.release import verbs
from drystone.release.exports.export import read_export
from drystone.release.exports.forms import RowChoice
from drystone.release.read import open_release

pytest.importorskip("tokenizers", reason="the extra tokens is not installed")
FIM = {"prefix": 3, "suffix": 4, "middle": 5}


def samples_of(folder: Path, form: str, length: int | None, split: str = "train") -> list[list[int]]:
    """Return the tokens of each sample of a split's only shard, without what fills it up."""
    data = folder / "data"
    if form == "webdataset":
        with tarfile.open(data / f"{split}-00000.tar") as tar:
            arrays = {m.name: np.load(io.BytesIO(tar.extractfile(m).read())) for m in tar}  # type: ignore[union-attr]
        keys = sorted({name.partition(".")[0] for name in arrays})
        assert all(arrays[f"{k}.mask.npy"].sum() == arrays[f"{k}.lengths.npy"].sum() for k in keys)
        return [arrays[f"{k}.tokens.npy"][arrays[f"{k}.mask.npy"] == 1].tolist() for k in keys]
    if form == "mds":
        index = json.loads((data / split / "index.json").read_text())
        raw = (data / split / "shard.00000.mds").read_bytes()
        count = index["shards"][0]["samples"]
        assert int.from_bytes(raw[:4], "little") == count
        ends = np.frombuffer(raw, np.uint32, count + 1, 4)
        return [_mds(raw[low:high]) for low, high in pairwise(ends)]
    suffix, loss = (".bin", ".loss") if form == "megatron" else (".ds", ".ds.loss")
    ids = np.frombuffer((data / f"{split}-00000{suffix}").read_bytes(), np.uint16)
    mask = np.frombuffer((data / f"{split}-00000{loss}").read_bytes(), np.uint8)
    if form == "megatron":
        index = (data / f"{split}-00000.idx").read_bytes()
        sizes = np.frombuffer(index, np.int32, int.from_bytes(index[18:26], "little"), 34)
        ends = np.cumsum(sizes)
    else:
        ends = np.frombuffer((data / f"{split}-00000.ds.index").read_bytes(), np.uint64).astype(int)
        ends = ends[ends % length == 0] if length else ends
    starts = [0, *ends[:-1]]
    return [ids[low:high][mask[low:high] == 1].tolist() for low, high in zip(starts, ends, strict=True)]


def _mds(sample: bytes) -> list[int]:
    sizes = np.frombuffer(sample, np.uint32, 3)
    parts = np.split(np.frombuffer(sample, np.uint8, offset=12), np.cumsum(sizes)[:2])
    width = 1 << (int(parts[2][0]) & 3)
    mask = np.frombuffer(parts[1].tobytes(), np.uint8, offset=1 + width)
    return list(np.frombuffer(parts[2].tobytes(), np.uint16, offset=1 + width)[mask == 1].tolist())


def texts_of(folder: Path, form: str, length: int | None, split: str = "train") -> dict[str, str]:
    """Return the text of each file by its SWHID, put together from the tokens that the shards give to it."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    samples = samples_of(folder, form, length, split)
    name = f"{split}/shard.00000" if form == "mds" else f"{split}-00000"
    pieces: dict[tuple[str, Any], list[tuple[int, list[int]]]] = defaultdict(list)
    for row in pq.read_table(folder / f"data/{name}.files.parquet").to_pylist():
        ids = samples[row["sample"]][row["start"] : row["start"] + row["tokens"]]
        assert len(ids) == row["tokens"]
        pieces[row["swhid"], row["fim"]].append((row["offset"], ids))
    found = {}
    for (swhid, fim), parts in pieces.items():
        ids = [id_ for _, some in sorted(parts) for id_ in some]
        found[swhid] = _straight(tokenizer, ids, fim)
    return found


def _straight(tokenizer: Any, ids: list[int], fim: str | None) -> str:
    if fim is None:
        return str(tokenizer.decode(ids, skip_special_tokens=False))
    at = {name: ids.index(id_) for name, id_ in FIM.items()}
    assert at["prefix"] == 0
    suffix = tokenizer.decode(ids[at["suffix"] + 1 : at["middle"]])
    rest = tokenizer.decode(ids[at["middle"] + 1 :])
    if fim == "psm":
        return str(tokenizer.decode(ids[1 : at["suffix"]]) + rest + suffix)
    assert at["suffix"] == 1
    return str(rest + suffix)


CASES: list[dict[str, Any]] = [
    {"documents": "file"},
    {"documents": "repository", "sequence_length": 256},
    {"documents": "repository", "sequence_length": 4096, "fim_rate": 0.5, "fim_order": "both"},
    {"documents": "file", "sequence_length": 512, "fim_rate": 1.0, "fim_split": "syntax"},
]


@pytest.mark.parametrize(
    ("form", "case"), [("megatron", 0), ("mds", 1), ("webdataset", 2), ("nanoset", 3), ("nanoset", 1)]
)
def test_every_file_comes_back_byte_for_byte(
    form: str, case: int, little_release: Path, tokenizer_file: Path, tmp_path: Path
) -> None:
    options = CASES[case]
    if options.get("fim_split") == "syntax":
        pytest.importorskip("tree_sitter", reason="the extra symbols is not installed")
    made = verbs.export(little_release, form, tmp_path / "out", tokenizer=tokenizer_file, **options)  # type: ignore[arg-type]
    kept = {row["swhid"]: row["content"] for row in open_release(little_release).files()}
    assert texts_of(tmp_path / "out", form, options.get("sequence_length")) == kept
    assert made.counts["files"] == len(kept) == made.files_kept
    assert bool(made.counts["fim_files"]) == bool(options.get("fim_rate"))
    assert read_export(tmp_path / "out") == made
    length = options.get("sequence_length")
    if length is not None:
        assert made.counts["samples"] * length == made.counts["tokens"] + made.counts["padding"]
    if form == "mds":
        assert verbs.export(little_release, form, tmp_path / "b", tokenizer=tokenizer_file, **options) == made


def test_documents_as_text_say_where_each_file_lies(little_release: Path, tmp_path: Path) -> None:
    made = verbs.export(little_release, "documents", tmp_path / "out", documents="repository", fim_rate=0.3)
    kept = {row["swhid"]: row["content"] for row in open_release(little_release).files()}
    rows = [json.loads(line) for line in (tmp_path / "out/data/train-00000.jsonl").read_text().splitlines()]
    assert made.counts["documents"] == len(rows) == len({row["repository"] for row in rows})
    for row in rows:
        data = row["text"].encode()
        assert row["text"].startswith(f"<repo_name>{row['repository']}<file_sep>")
        for file in row["files"]:
            if file["fim"] is None:
                assert data[file["start"] : file["start"] + file["bytes"]].decode() == kept[file["swhid"]]
    assert {file["swhid"] for row in rows for file in row["files"]} == kept.keys()


def test_splits_hold_whole_repositories(little_release: Path, tokenizer_file: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"split": ["train=1,test=1"], "documents": "repository", "tokenizer": tokenizer_file}
    with pytest.raises(UsageError, match="--split-by repository"):
        verbs.export(little_release, "nanoset", tmp_path / "out", **options)
    origins = {row["origin"] for row in open_release(little_release).files()}
    halves = (("train", 1.0), ("test", 1.0))
    choices = (RowChoice(splits=halves, by="repository", seed=seed) for seed in range(50))
    seed = next(choice.seed for choice in choices if len({choice.split_of("", origin) for origin in origins}) == 2)
    made = verbs.export(little_release, "nanoset", tmp_path / "out", split_by="repository", seed=seed, **options)
    assert all(made.counts[f"samples_{split}"] for split in ("train", "test"))
    parts = [texts_of(tmp_path / "out", "nanoset", None, split) for split in ("train", "test")]
    assert all(parts)
    assert not parts[0].keys() & parts[1].keys()


def test_what_cannot_be_had_is_refused_before_anything_is_written(
    little_release: Path, tokenizer_file: Path, tmp_path: Path
) -> None:
    plain = json.loads(tokenizer_file.read_text("utf-8"))
    plain["added_tokens"] = plain["added_tokens"][:1]
    plain["model"]["vocab"] = {k: v for k, v in plain["model"]["vocab"].items() if v not in range(1, 7)}
    (tmp_path / "plain.json").write_text(json.dumps(plain), "utf-8")
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("megatron", {}, "name a tokenizer.json"),
        ("megatron", {"tokenizer": tmp_path / "none.json"}, "none.json cannot be read"),
        ("megatron", {"tokenizer": tmp_path / "plain.json", "fim_rate": 1.0}, "no special token for fim_prefix"),
        ("mds", {"tokenizer": tmp_path / "plain.json", "documents": "repository"}, "no special token for file_sep"),
        ("mds", {"tokenizer": tokenizer_file, "sequence_length": 3}, "a sequence of 3 tokens"),
        ("mds", {"tokenizer": tokenizer_file, "fim_rate": 2.0}, "a share of the files"),
        ("mds", {"tokenizer": tokenizer_file, "limit": 3}, "no columns, order or limit"),
        ("jsonl", {"tokenizer": tokenizer_file}, "jsonl: has rows"),
        ("documents", {"tokenizer": tokenizer_file}, "documents: is text"),
    ]
    for form, options, message in cases:
        with pytest.raises(UsageError, match=message):
            verbs.export(little_release, form, tmp_path / "out", **options)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_files_that_a_tokenizer_changes_are_left_out_and_listed(
    little_release: Path, tokenizer_file: Path, tmp_path: Path
) -> None:
    lower = {**json.loads(tokenizer_file.read_text("utf-8")), "normalizer": {"type": "Lowercase"}}
    (tmp_path / "t.json").write_text(json.dumps(lower), "utf-8")
    made = verbs.export(little_release, "webdataset", tmp_path / "out", tokenizer=tmp_path / "t.json", inexact="skip")
    kept = {row["swhid"]: row["content"] for row in open_release(little_release).files()}
    left = [json.loads(line) for line in (tmp_path / "out/data/left-out.jsonl").read_text().splitlines()]
    assert {row["swhid"] for row in left} == {swhid for swhid, text in kept.items() if text != text.lower()}
    assert made.counts["left_out"] == len(left)
    assert texts_of(tmp_path / "out", "webdataset", None).keys() == kept.keys() - {row["swhid"] for row in left}

"""Shards of tokens in the formats that trainers read: Megatron, MosaicML Streaming (MDS), WebDataset, datatrove.

Each writer writes one split into files that end at about a given size. Beside each shard, `.files.parquet` says which
tokens are which file's. Knows samples and files; knows nothing of releases.
"""

from __future__ import annotations

import io
import tarfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from drystone.release.exports.folder import ExportFolder
from drystone.release.exports.forms import ExportedFile
from drystone.release.exports.tokens.packing import Sample
from drystone.release.files import HashingSink

#: Which tokens of a shard are which file's: sample (from 0 in the shard), first token in it, how many, and how many of
#: the file's tokens come before. `fim` says in which order its parts are given (null: as it is).
FILES: Final = pa.schema(
    [
        ("sample", pa.int64()),
        ("start", pa.int64()),
        ("tokens", pa.int64()),
        ("offset", pa.int64()),
        ("swhid", pa.string()),
        ("repository_id", pa.string()),
        ("path", pa.string()),
        ("fim", pa.string()),
    ]
)
#: Rows of them that are held before they are written; bytes of a shard.
_ROWS: Final = 16_384
_BYTES: Final = 256 << 20
#: Bytes of a shard of MDS, which is gathered in memory since its offsets stand before its samples.
_MDS_BYTES: Final = 64 << 20
#: Numbers for types of numbers in Megatron's index (megatron/core/datasets/indexed_dataset.py).
_MEGATRON_TYPES: Final = {2: 8, 4: 4}

_Tokens = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]
_Mask = npt.NDArray[np.uint8]


class TokenFiles(ABC):
    """Writes the samples of one split. `length`: tokens of each sample (None: they differ), `pad` fills them up."""

    def __init__(
        self, folder: ExportFolder, split: str, dtype: type[np.uint16] | type[np.uint32], length: int | None, pad: int,
        tokenizer: str,
    ) -> None:  # fmt: skip
        self._folder, self._split, self._dtype = folder, split, np.dtype(dtype)
        self._length, self._pad, self._tokenizer = length, pad, tokenizer
        self._done: list[ExportedFile] = []
        self._number = 0
        #: Samples that were written, in all shards.
        self.samples = 0
        self._begin()

    def _begin(self) -> None:
        self._stack = ExitStack()
        self._sinks: dict[str, HashingSink] = {}
        self._samples = self._bytes = self._tokens = 0
        self._rows: list[tuple[int, int, int, int, str, str, str, str | None]] = []
        self._table: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, at)

    def add(self, sample: Sample) -> int:
        """Write a sample; return how many tokens fill it up."""
        if self._table is None:
            sink = self._sink(".files.parquet")
            self._table = self._stack.enter_context(pq.ParquetWriter(sink, FILES, compression="zstd"))
            self._open()
        lengths = [len(cut.ids) for cut in sample]
        padding = 0 if self._length is None else self._length - sum(lengths)
        ids = np.concatenate([*(cut.ids for cut in sample), np.full(padding, self._pad, np.uint32)])
        mask = np.concatenate([np.ones(len(ids) - padding, np.uint8), np.zeros(padding, np.uint8)])
        self._note(sample, lengths)
        self._bytes += self._write(ids.astype(self._dtype), lengths, mask)
        self._tokens += len(ids)
        self._samples += 1
        self.samples += 1
        if self._bytes >= self.most:
            self._end()
        return padding

    def close(self) -> list[ExportedFile]:
        """End the last shard; return all files with sizes and checksums."""
        if self._table is not None:
            self._end()
        return self._done

    #: Bytes after which a shard ends.
    most: int = _BYTES

    @abstractmethod
    def _open(self) -> None:
        """Begin a shard."""

    @abstractmethod
    def _write(self, ids: _Tokens, lengths: list[int], mask: _Mask) -> int:
        """Write a sample; return its bytes. `lengths` are the tokens of the documents in it, without what fills it."""

    @abstractmethod
    def _finish(self) -> None:
        """Write what stands at the end of a shard."""

    def _sink(self, suffix: str) -> HashingSink:
        """Return the file of this shard with a suffix, opened when it is first asked for."""
        if suffix not in self._sinks:
            self._sinks[suffix] = self._stack.enter_context(self._folder.new_file(self._name + suffix))
        return self._sinks[suffix]

    @property
    def _name(self) -> str:
        return f"data/{self._split}-{self._number:05}"

    def _note(self, sample: Sample, lengths: list[int]) -> None:
        start = 0
        for cut, length in zip(sample, lengths, strict=True):
            for file, offset in zip(cut.files, cut.offsets, strict=True):
                place = (self._samples, start + file.start, file.tokens, offset)
                self._rows.append((*place, file.swhid, file.repository_id, file.path, file.fim))
            start += length
        if len(self._rows) >= _ROWS:
            self._write_rows()

    def _write_rows(self) -> None:
        assert self._table is not None
        columns = [[row[at] for row in self._rows] for at in range(len(FILES))]
        arrays = [pa.array(values, field.type) for values, field in zip(columns, FILES, strict=True)]
        self._table.write_table(pa.table(arrays, schema=FILES))
        self._rows = []

    def _end(self) -> None:
        self._write_rows()
        self._finish()
        self._stack.close()
        for suffix, sink in sorted(self._sinks.items()):
            self._done.append(ExportedFile(self._name + suffix, self._samples, sink.size, sink.hexdigest()))
        self._number += 1
        self._begin()


class Megatron(TokenFiles):
    """`.bin` and `.idx` as megatron.core.datasets.indexed_dataset reads them; `.loss` has a byte a token: 1 counts."""

    def _open(self) -> None:
        self._lengths: list[int] = []

    def _write(self, ids: _Tokens, lengths: list[int], mask: _Mask) -> int:
        self._lengths.append(len(ids))
        self._sink(".loss").write(mask.tobytes())
        return self._sink(".bin").write(ids.tobytes())

    def _finish(self) -> None:
        sizes = np.array(self._lengths, np.int32)
        ends = np.cumsum(sizes, dtype=np.int64) * self._dtype.itemsize
        index = self._sink(".idx")
        index.write(b"MMIDIDX\0\0" + (1).to_bytes(8, "little") + bytes([_MEGATRON_TYPES[self._dtype.itemsize]]))
        index.write(len(sizes).to_bytes(8, "little") + (len(sizes) + 1).to_bytes(8, "little"))
        index.write(sizes.tobytes() + np.concatenate([[0], ends[:-1]]).astype(np.int64).tobytes())
        index.write(np.arange(len(sizes) + 1, dtype=np.int64).tobytes())


class Datatrove(TokenFiles):
    """`.ds` with `.index` (ends of documents, in tokens), `.loss` and `.metadata`, as datatrove and nanotron read them.

    What fills a sequence up is a document of its own in the index.
    """

    def _open(self) -> None:
        self._sink(".ds.index")

    def _write(self, ids: _Tokens, lengths: list[int], mask: _Mask) -> int:
        ends = [*lengths, *([len(ids) - sum(lengths)] if len(ids) > sum(lengths) else [])]
        self._sink(".ds.index").write((np.cumsum(ends, dtype=np.uint64) + np.uint64(self._tokens)).tobytes())
        self._sink(".ds.loss").write(mask.tobytes())
        return self._sink(".ds").write(ids.tobytes())

    def _finish(self) -> None:
        text = f"{self._tokenizer}|{self._dtype.itemsize}\n{self._tokens}\n{self._tokens:,} T"
        self._sink(".ds.metadata").write(text.encode())


class WebDataset(TokenFiles):
    """Tar files of arrays: `tokens.npy`, `lengths.npy` (tokens of each document), `mask.npy` (1 counts)."""

    def _open(self) -> None:
        tar = tarfile.TarFile(fileobj=self._sink(".tar"), mode="w", format=tarfile.USTAR_FORMAT)  # type: ignore[arg-type]
        self._tar = self._stack.enter_context(tar)

    def _write(self, ids: _Tokens, lengths: list[int], mask: _Mask) -> int:
        arrays: dict[str, npt.NDArray[Any]] = {"lengths": np.array(lengths, np.int32), "mask": mask, "tokens": ids}
        return sum(self._member(f"{self._samples:08}.{name}.npy", array) for name, array in arrays.items())

    def _finish(self) -> None:
        self._tar.close()

    def _member(self, name: str, array: npt.NDArray[Any]) -> int:
        held = io.BytesIO()
        np.save(held, array, allow_pickle=False)
        info = tarfile.TarInfo(name)
        info.size = held.tell()
        held.seek(0)
        self._tar.addfile(info, held)
        return info.size


class Mds(TokenFiles):
    """A folder for each split: `index.json` and shards with the columns `lengths`, `mask` and `tokens`."""

    most = _MDS_BYTES

    def _open(self) -> None:
        self._held: list[bytes] = []

    def _write(self, ids: _Tokens, lengths: list[int], mask: _Mask) -> int:
        parts = [_array(array) for array in (np.array(lengths, np.int32), mask, ids)]
        sample = np.array([len(part) for part in parts], np.uint32).tobytes() + b"".join(parts)
        self._held.append(sample)
        return len(sample)

    def _finish(self) -> None:
        config = orjson.dumps(self._config(), option=orjson.OPT_SORT_KEYS)
        sizes = np.array([0, *map(len, self._held)], np.uint64)
        offsets = np.cumsum(sizes) + np.uint64(4 + 4 * len(sizes) + len(config))
        sink = self._sink(".mds")
        sink.write(np.uint32(len(self._held)).tobytes() + offsets.astype(np.uint32).tobytes() + config)
        for sample in self._held:
            sink.write(sample)
        self._held = []

    def close(self) -> list[ExportedFile]:
        """End the last shard, and write the index of all."""
        super().close()
        shards = [
            {
                **self._config(),
                "raw_data": {"basename": file.path.rpartition("/")[2], "bytes": file.bytes, "hashes": {}},
                "samples": file.rows,
                "zip_data": None,
            }
            for file in self._done
            if file.path.endswith(".mds")
        ]
        name = f"data/{self._split}/index.json"
        with self._folder.new_file(name) as sink:
            sink.write(orjson.dumps({"shards": shards, "version": 2}, option=orjson.OPT_SORT_KEYS))
        samples = sum(file.rows or 0 for file in self._done if file.path.endswith(".mds"))
        self._done.append(ExportedFile(name, samples, sink.size, sink.hexdigest()))
        return self._done

    def _config(self) -> dict[str, object]:
        return {
            "column_encodings": ["ndarray:int32", "ndarray:uint8", f"ndarray:{self._dtype.name}"],
            "column_names": ["lengths", "mask", "tokens"],
            "column_sizes": [None, None, None],
            "compression": None,
            "format": "mds",
            "hashes": [],
            "size_limit": _MDS_BYTES,
            "version": 2,
        }

    @property
    def _name(self) -> str:
        return f"data/{self._split}/shard.{self._number:05}"


def _array(values: npt.NDArray[Any]) -> bytes:
    """Return an array of one dimension as MDS has it: its shape (one number, of as many bytes as it takes), values."""
    size = len(values)
    at = next(at for at, most in enumerate((1 << 8, 1 << 16, 1 << 32)) if size < most)
    return bytes([1 << 2 | at]) + size.to_bytes(1 << at, "little") + values.tobytes()


#: The writers by the name of their form.
WRITERS: Final[Mapping[str, type[TokenFiles]]] = MappingProxyType(
    {"megatron": Megatron, "mds": Mds, "webdataset": WebDataset, "nanoset": Datatrove}
)

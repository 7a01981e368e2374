"""The forms of an export: whose columns it has, and which rows of a release a plain one holds."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from drystone.errors import UsageError

#: Rows as they are (JSON Lines, Parquet, text); The Stack v2 per file, per repository; The Stack v3 (with contents);
#: what models train on: documents as text, or tokens for Megatron, MosaicML Streaming, WebDataset, datatrove's Nanoset.
Form = Literal[
    "jsonl", "parquet", "text", "stack-v2", "stack-v2-repos", "stack-v3",
    "documents", "megatron", "mds", "webdataset", "nanoset",
]  # fmt: skip
#: Those of them that models train on.
TRAINING: Final[tuple[Form, ...]] = ("documents", "megatron", "mds", "webdataset", "nanoset")
#: What rows of one part share: the bytes of a file, or the repository that it comes from.
SplitBy = Literal["hash", "repository"]


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One file of an export, or one that would be written (`bytes` and `sha256` are then None)."""

    path: str
    rows: int | None
    bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class RowChoice:
    """Which rows of a release a plain export holds, in which order, and in which parts.

    `columns`: their names (none: the text and a few that say what it is). `splits`: names with weights. `by`: what
    stays together. `seed`: of splits and of shuffling. `limit`: rows at most, of all splits together.
    """

    columns: tuple[str, ...] = ()
    splits: tuple[tuple[str, float], ...] = (("train", 1.0),)
    by: SplitBy = "hash"
    seed: int = 0
    shuffle: bool = False
    limit: int | None = None
    _bounds: tuple[float, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        whole = math.fsum(weight for _, weight in self.splits)
        ends = (math.fsum(weight for _, weight in self.splits[: at + 1]) / whole for at in range(len(self.splits)))
        object.__setattr__(self, "_bounds", tuple(ends))

    def split_of(self, swhid: str, origin: str) -> int:
        """Return the number of the split of a file: the same in every release, with the same seed and weights."""
        what = origin if self.by == "repository" else swhid
        at = int(_digest(self.seed, "split", what)[:13], 16) / 16**13
        return next((number for number, end in enumerate(self._bounds) if at < end), len(self._bounds) - 1)

    def place_of(self, swhid: str, repository: str, path: str) -> str:
        """Return where a row comes in the shuffled order: 32 hex digits, by which rows are sorted."""
        return _digest(self.seed, "shuffle", swhid, repository, path)


def parse_splits(texts: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Return splits written as `NAME=WEIGHT`, several with commas between them. Raises `UsageError`."""
    found: dict[str, float] = {}
    for text in (part.strip() for each in texts for part in each.split(",")):
        name, _, weight = text.partition("=")
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name) or name in found:
            raise UsageError(f"{text}: a split is NAME=WEIGHT, such as train=0.9; names are small letters, and differ")
        if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", weight) or not float(weight):
            raise UsageError(f"{text}: a weight is a number over 0, such as 0.9 or 90")
        found[name] = float(weight)
    return tuple(found.items()) or (("train", 1.0),)


def _digest(seed: int, *parts: str) -> str:
    data = "\0".join([str(seed), *parts]).encode("utf-8", "surrogateescape")
    return hashlib.blake2b(data, digest_size=16).hexdigest()

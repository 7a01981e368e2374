"""Which files a mixture takes: groups and their sizes, their shares of a budget, and files in the order of the seed.

Rows of ids and sizes lie on disk, a bucket of them in memory at a time; what was decided is a sorted file of ids that
is mapped into memory. Knows no ledger.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone.building.mixing.recipe import Mixture
from drystone.errors import ReleaseError, UsageError, did_you_mean
from drystone.release.exports.forms import RowChoice
from drystone.release.exports.plain import PLACE, with_places
from drystone.release.exports.tokens.choice import TokenChoice
from drystone.release.exports.tokens.tokenizer import TextTokenizer
from drystone.release.inspection.score import SCORES
from drystone.release.layout import shown
from drystone.release.read import Release
from drystone.work.buckets import Buckets

#: What becomes of a file: taken, over the budget, or not allowed by `[only]`.
TAKEN, OVER, EXCLUDED = range(3)
_NONE: Final = "none found"
_ROWS: Final = 500_000
_ID: Final = "S20"
#: What is read of scores.
_SCORED: Final = ("swhid", "quality_score")
#: What decimal weights may lack of a whole file, byte or token.
_HARDLY: Final = Fraction(1, 10**6)
_OTHER: Final = "holds the scores of another release; run drystone score on this one"


@dataclass(frozen=True, slots=True)
class GroupShare:
    """A group of files: its files, its size and what was to be taken of it, and what was, in the budget's unit."""

    group: str
    files: int
    size: int
    target: int
    taken_files: int
    taken: int


class Fates:
    """What becomes of each kept file, by its SWHID; in two files under `folder`, mapped into memory."""

    def __init__(self, folder: Path) -> None:
        codes = folder / "codes"
        count = codes.stat().st_size
        self._ids: Any = np.memmap(folder / "ids", _ID, "r", shape=(count,)) if count else np.empty(0, _ID)
        self._codes: Any = np.memmap(codes, np.uint8, "r") if count else np.empty(0, np.uint8)

    def of(self, swhids: list[str | None]) -> npt.NDArray[np.int16]:
        """Return the fate of each file; -1 for what is none of the kept ones."""
        ids = np.array([_id(swhid) if swhid else b"" for swhid in swhids], _ID)
        if not len(self._ids) or not len(ids):
            return np.full(len(ids), -1, np.int16)
        at = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return np.where(self._ids[at] == ids, self._codes[at].astype(np.int16), -1)


def choose(release: Release, mixture: Mixture, scratch: Path) -> tuple[Fates, list[GroupShare]]:
    """Decide of every kept file whether it is taken, and return that with the groups, the largest first.

    Raises `UsageError` where the mixture asks for more than there is, or for groups that are not there;
    `ReleaseError` where the scores are not those of this release.
    """
    schema = pa.schema([("swhid", pa.string()), ("group", pa.string()), ("size", pa.int64()), (PLACE, pa.string())])
    count = -(-release.manifest.counts.kept // _ROWS)
    places = RowChoice(seed=mixture.mixture.seed)
    sizes: Counter[str] = Counter()
    files: Counter[str] = Counter()
    with (
        Buckets(schema, count, scratch, "sizes") as waiting,
        Buckets(pa.schema([("id", pa.string()), ("code", pa.int8())]), count, scratch, "fates") as fates,
    ):
        for table in _measured(release, mixture):
            allowed = table.filter(pc.is_valid(table.column("size")))
            _keep(fates, table.filter(pc.is_null(table.column("size"))).column("swhid").to_pylist(), EXCLUDED)
            rows = zip(*(allowed.column(name).to_pylist() for name in ("swhid", "group", "size")), strict=True)
            order = []
            for swhid, group, size in rows:
                sizes[group] += size
                files[group] += 1
                order.append(places.place_of(swhid, "", ""))
            waiting.add(with_places(allowed, order), PLACE)
        targets = targets_of(mixture, sizes)
        taken: Counter[str] = Counter()
        taken_files: Counter[str] = Counter()
        for number in range(waiting.count):
            here = waiting.read(number)
            place = here.column(PLACE).to_pylist()
            rows_here = here.select(["swhid", "group", "size"]).to_pylist()
            for at in sorted(range(len(place)), key=lambda at: (place[at][-3:], place[at])):
                row = rows_here[at]
                fits = taken[row["group"]] + row["size"] <= targets.get(row["group"], 0)
                row["code"] = TAKEN if fits else OVER
                if fits:
                    taken[row["group"]] += row["size"]
                    taken_files[row["group"]] += 1
            for code in (TAKEN, OVER):
                _keep(fates, [row["swhid"] for row in rows_here if row["code"] == code], code)
        _write(fates, scratch)
    shares = [GroupShare(g, files[g], sizes[g], targets.get(g, 0), taken_files[g], taken[g]) for g in files]
    return Fates(scratch), sorted(shares, key=lambda share: (-share.taken, share.group))


def targets_of(mixture: Mixture, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return how much of each group is taken. Raises `UsageError` as `choose` does."""
    settings, budget = mixture.mixture, mixture.budget
    if not sizes:
        raise UsageError("[only] allows no file of the release; widen it")
    wrong = next((group for group in mixture.weights if group not in sizes), None)
    if wrong is not None:
        near = did_you_mean(wrong, list(sizes))
        raise UsageError(f"[weights] {shown(wrong)}: no file that [only] allows has this {settings.by}{near}")
    weights = mixture.weights or _tempered(sizes, settings.temperature)
    # Exact: of terabytes, floating point loses a byte of a group, and with it the group's last file.
    whole = sum(map(Fraction, weights.values()))
    shares = {group: Fraction(weight) / whole for group, weight in sorted(weights.items())}
    most = min((int(sizes[group] / share) for group, share in shares.items()), default=0)
    wanted = next((v for v in (budget.tokens, budget.bytes, budget.files) if v is not None), None)
    if wanted is None:
        wanted = sum(sizes.values()) if not mixture.weights and settings.temperature == 1 else most
    targets = {group: math.floor(wanted * share + _HARDLY) for group, share in shares.items()}
    short = {group: target for group, target in targets.items() if target > sizes[group]}
    if short and settings.when_short == "refuse":
        unit = next((name for name in ("tokens", "files") if getattr(budget, name) is not None), "bytes")
        told = "; ".join(f"{shown(g)}: {target:,} of {sizes[g]:,} {unit}" for g, target in [*short.items()][:5])
        more = f"; and {len(short) - 5} more" if len(short) > 5 else ""
        raise UsageError(
            f"the mixture asks for more than there is. {told}{more}. The largest budget that these shares allow is "
            f'{most:,} {unit}; or take what there is with when_short = "take-all"'
        )
    return {group: min(target, sizes[group]) for group, target in targets.items()}


def _tempered(sizes: Mapping[str, int], temperature: float) -> dict[str, float]:
    try:
        return {group: size ** (1 / temperature) for group, size in sizes.items() if size}
    except OverflowError:
        raise UsageError(f"[mixture] temperature: {temperature} is too small for groups of these sizes") from None


def _measured(release: Release, mixture: Mixture) -> Iterator[pa.Table]:
    """Yield SWHID, group and size of each kept file; the size is null of what `[only]` does not allow."""
    budget, only, by = mixture.budget, mixture.only, mixture.mixture.by
    tokenizer = None if budget.tokens is None else TextTokenizer(TokenChoice(budget.tokenizer, inexact="skip"))
    columns = list(dict.fromkeys(["swhid", "content", by, "language", "license_expression", "license_type"]))
    scores = _scores(only.scores) if only.scores is not None else None
    for table in release.data(columns=columns):
        rows = table.to_pylist()
        listed = [next(scores, (None, 0.0)) for _ in rows] if scores is not None else [(r["swhid"], 5.0) for r in rows]
        if any(swhid != row["swhid"] for (swhid, _), row in zip(listed, rows, strict=True)):
            raise ReleaseError(f"{shown(str(only.scores))}: {_OTHER}")
        least = only.least_score or 0.0
        allowed = [_allows(mixture, row) and score >= least for row, (_, score) in zip(rows, listed, strict=True)]
        texts = [row["content"] if ok else "" for row, ok in zip(rows, allowed, strict=True)]
        bytes_of = [len(text.encode()) for text in texts]
        if tokenizer is not None:
            encoded = zip(tokenizer.encode(texts), bytes_of, strict=True)
            sizes = [size if ids is None else len(ids) for ids, size in encoded]
        else:
            sizes = bytes_of if budget.files is None else [1] * len(texts)
        yield pa.table(
            {
                "swhid": [row["swhid"] for row in rows],
                "group": [row[by] or _NONE for row in rows],
                "size": pa.array([size if ok else None for size, ok in zip(sizes, allowed, strict=True)], pa.int64()),
            }
        )
    if scores is not None and next(scores, None) is not None:
        raise ReleaseError(f"{shown(str(only.scores))}: {_OTHER}")


def _allows(mixture: Mixture, row: Mapping[str, Any]) -> bool:
    only = mixture.only
    return (
        (not only.languages or row["language"] in only.languages)
        and (not only.licenses or row["license_expression"] in only.licenses)
        and (not only.license_types or row["license_type"] in only.license_types)
    )


def _scores(path: Path) -> Iterator[tuple[str, float]]:
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            if any(name not in schema.names or schema.field(name).type != SCORES.field(name).type for name in _SCORED):
                raise ValueError(f"it needs {' and '.join(_SCORED)} as drystone score writes them")
            for batch in file.iter_batches(columns=list(_SCORED)):
                if any(column.null_count for column in batch.columns):
                    raise ValueError("a file or its score is missing")
                yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise UsageError(f"{shown(str(path))}: holds no scores: {shown(str(error))[:200]}") from None


def _keep(fates: Buckets, swhids: list[str], code: int) -> None:
    ids = [swhid[10:] for swhid in swhids]
    turned = pa.array([id_[3:] + id_[:3] for id_ in ids], pa.string())  # a bucket is chosen by the last three digits
    fates.add(pa.table({"id": turned, "code": pa.array([code] * len(ids), pa.int8())}), "id")


def _write(fates: Buckets, folder: Path) -> None:
    with (folder / "ids").open("wb") as ids, (folder / "codes").open("wb") as codes:
        for number in range(fates.count):
            rows = fates.read(number)
            here = [bytes.fromhex(id_[-3:] + id_[:-3]) for id_ in rows.column("id").to_pylist()]
            order = sorted(range(len(here)), key=here.__getitem__)
            ids.write(b"".join(here[at] for at in order))
            codes.write(rows.column("code").to_numpy().astype(np.uint8)[order].tobytes())


def _id(swhid: str) -> bytes:
    return bytes.fromhex(swhid[10:]) if swhid.startswith("swh:1:cnt:") else b""

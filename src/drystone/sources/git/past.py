"""The past of a branch: at which commit it was by a moment, and the moments at which it is worth looking.

Clocks of committers lie, so that no single date decides. Runs the `git` command; reads no trees.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from drystone.sources.git import remote

#: How often a repository is looked at: at the beginning of each year, quarter or month.
Every = Literal["year", "quarter", "month"]
_MONTHS: Final[dict[Every, int]] = {"year": 12, "quarter": 3, "month": 1}
_EPOCH: Final = datetime(1970, 1, 1)
#: Seconds of the first and the last moments of Python's dates.
_FIRST: Final = -62_135_596_800
_LAST: Final = 253_402_300_799


class Branch(NamedTuple):
    """The commits that a branch was at, the oldest first: hex ids, and committer dates in seconds since 1970."""

    commits: list[str]
    dates: npt.NDArray[np.int64]

    def by(self, moment: datetime) -> int:
        """Return at which of its commits the branch was by a moment (naive UTC), -1 for before the first.

        That is where the fewest dates contradict: the commits up to there that claim to be later, and those after it
        that claim not to be. Where no clock lies none do, and it is the last commit by then. Of equals the earliest, so
        that nothing comes in from after the moment.
        """
        later = self.dates > (moment - _EPOCH) // timedelta(seconds=1)
        before = np.concatenate([[0], np.cumsum(later)])
        after = np.concatenate([[0], np.cumsum(~later)])
        return int(np.argmin(before + (after[-1] - after))) - 1

    def points(self, every: Every) -> list[datetime]:
        """Return the beginnings of years, quarters or months by which the branch had moved, and when it was last moved.

        Most dates must lie between the first and the last of them, so that one clock adds no points.
        """
        if not len(self.dates):
            return []
        low, high = (int(seconds) for seconds in np.clip(np.quantile(self.dates, [0.01, 0.99]), _FIRST, _LAST))
        first, last = (_EPOCH + timedelta(seconds=seconds) for seconds in (low, high))
        step, found = _MONTHS[every], list[datetime]()
        month = (first.year * 12 + first.month - 1) // step * step + step
        at = -1
        while month // 12 < 9999 and (point := datetime(month // 12, month % 12 + 1, 1)) <= last:
            moved, at = at, self.by(point)
            found += [point] if at != moved else []
            month += step
        tip = _EPOCH + timedelta(seconds=int(np.clip(self.dates.max(), _FIRST, _LAST)))
        return [*found, tip]


def branch(place: Path, revision: str) -> Branch:
    """Return the commits of a branch by first parents, which are those that it was at. Raises `SourceError`.

    `place` is a repository's folder, `revision` the id of the commit at the branch's end.
    """
    asked = ("rev-list", "--first-parent", "--timestamp", revision, "--")
    lines = remote.output(str(place), "-C", str(place), *asked).splitlines()
    pairs = [line.split(" ") for line in reversed(lines)]
    return Branch([id_ for _, id_ in pairs], np.array([int(seconds) for seconds, _ in pairs], np.int64))

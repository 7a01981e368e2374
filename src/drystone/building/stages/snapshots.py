"""A snapshot of opt-outs as a file, so that each process of a build loads it once, however many tasks it does."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from drystone.policy.optouts import request_for
from drystone.registry import OptOuts
from drystone.work.remote.mirror import opened
from drystone.work.store import Stage, write_atomically


def save(stage: Stage, optouts: OptOuts) -> Path:
    """Put a snapshot where every task of a stage finds it."""
    path = stage.file("snapshot.pickle")
    if not path.exists():
        write_atomically(path, lambda temporary: temporary.write_bytes(pickle.dumps(optouts)))
    return path


@dataclass(frozen=True)
class LeftOut:
    """Says by the snapshot in a file which repositories are out; `key` is the snapshot's hash."""

    snapshot: Path
    key: str

    def __call__(self, origin: str, metadata: Mapping[str, Any]) -> bool:
        """Return whether a request takes a repository out."""
        return request_for(load(self.snapshot), origin, metadata) is not None


@lru_cache(maxsize=1)
def load(path: Path) -> OptOuts:
    """Return a snapshot that `save` wrote."""
    found = pickle.loads(opened(path, Path.read_bytes))  # noqa: S301 -- written by `save` of this build
    assert isinstance(found, OptOuts)
    return found

"""What one build knows from its beginning to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from drystone.building.settings import Settings
from drystone.registry import OptOuts, ReviewSnapshot
from drystone.sources.base import Limits, Source
from drystone.work.engine import Engine
from drystone.work.store import Stage, Store
from drystone.work.tasks import Summary, Task

if TYPE_CHECKING:
    from drystone.registry import Registry
    from drystone.release.read import Release
    from drystone.release.versions.receipts import LogEnd, Searched

#: Told what was searched and what fell for each request that was applied, and the registry's head.
Receipts = Callable[[Mapping[str, Sequence["Searched"]], str, "LogEnd | None"], object]


def _no_registry() -> Future[Registry | None]:
    none: Future[Registry | None] = Future()
    none.set_result(None)
    return none


@dataclass(frozen=True)
class Build:
    """What was asked for, where it is made, and what people have decided. `builds.build` says more of each argument.

    `reviews` and `optouts` are the registry at one moment. `registry` is the registry opened, or on its way; `old` is
    the release that this one updates. `retry_lost`: what did not come
    is asked for again at once. `tell` is told what a person should know of it.
    """

    settings: Settings
    sources: Sequence[Source]
    output: Path
    engine: Engine
    store: Store
    cache: Path
    reviews: ReviewSnapshot = field(default_factory=ReviewSnapshot)
    optouts: OptOuts = field(default_factory=OptOuts)
    registry: Future[Registry | None] = field(default_factory=_no_registry)
    replace: bool = False
    retry_lost: bool = False
    old: Release | None = None
    version: str | None = None
    receipts: Receipts | None = None
    tell: Callable[[str], object] = lambda text: None

    @property
    def limits(self) -> Limits:
        """Bounds on hostile input."""
        limits = self.settings.limits
        return Limits(**limits.of_sources(), patience=limits.patience)

    def run(self, name: str, stage: Stage, tasks: Sequence[Task]) -> list[Summary]:
        """Do tasks: the `Runner` of this build. A registry that cannot be made is said before the work is done."""
        if self.registry.done():
            self.registry.result()
        return self.engine.run(name, stage, tasks)

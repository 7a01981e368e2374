"""What a task says of what was promised to it and did not come, and when such a task is done again.

A failure may pass: a store that did not answer, a folder that may be read by now. So a task with losses is not finished
for good. Knows neither sources nor rules.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from typing import Final, TypedDict

from drystone.work.store import Stage

#: Seconds after which what was lost is asked for again by itself.
_ASKED_AGAIN_AFTER: Final = 86_400.0


class Lost(TypedDict):
    """How many things did not come, a hash over which and why, and when they were asked for (seconds since 1970)."""

    count: int
    digest: str
    asked: float


def lost(things: Iterable[object]) -> Lost | None:
    """Return what a task reports of things that did not come, None where everything came."""
    listed = sorted(map(repr, things))
    if not listed:
        return None
    digest = hashlib.sha256("\n".join(listed).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return {"count": len(listed), "digest": digest, "asked": time.time()}


def forget_lost(stage: Stage, tasks: Iterable[str], *, now: bool) -> None:
    """Let finished tasks with losses be done again: those whose losses are a day old, or `now` all of them."""
    for task, summary in stage.summaries([*tasks]).items():
        found: Lost | None = summary["lost"] if summary is not None else None
        if found is not None and (now or time.time() - found["asked"] > _ASKED_AGAIN_AFTER):
            stage.forget(task)


def digests(losses: Iterable[Lost | None]) -> list[str]:
    """Return a hash for each task that lost something, in their order: what later stages depend on besides inputs."""
    return [found["digest"] for found in losses if found is not None]

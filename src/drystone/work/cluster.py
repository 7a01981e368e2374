"""Tasks on a Ray cluster, handed over by Daft: a frame with a row for each task and a function over it (extra `ray`).

The one module that loads Ray, and Daft for work. Bytes of what is worked on never pass through either.
"""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from drystone.errors import MissingExtraError
from drystone.work.process import prepare_process
from drystone.work.store import Stage
from drystone.work.tasks import Outcome, Task, attempt


def outcomes(stage: Stage, tasks: Sequence[Task], threads: int, address: str | None) -> Iterator[Outcome]:
    """Yield how each task ended, in any order; at most `threads` are at work at a time.

    `address` is that of a cluster that runs; without one Ray starts on this machine.
    """
    daft = _start(threads, address)

    @daft.cls(max_concurrency=min(threads, len(tasks)))  # type: ignore[untyped-decorator, unused-ignore]
    class Worker:
        def __init__(self, folder: str) -> None:
            self.stage = Stage(Path(folder))

        @daft.method.batch(return_dtype=daft.DataType.binary(), batch_size=1)  # type: ignore[untyped-decorator, unused-ignore]
        def __call__(self, tasks: Any) -> list[bytes]:
            prepare_process()
            # Tasks are pickled by `outcomes` below and come from nowhere else.
            return [pickle.dumps(attempt(pickle.loads(task), self.stage)) for task in tasks.to_pylist()]  # noqa: S301

    worker = Worker(str(stage.folder))
    frame = daft.from_pydict({"task": [pickle.dumps(task) for task in tasks]}).into_partitions(len(tasks))
    frame = frame.select(worker(frame["task"]).alias("outcome"))
    # Tasks go to whichever process is free, not round and round.
    with daft.execution_config_ctx(maintain_order=False):
        for batch in frame.to_arrow_iter():
            for outcome in batch.column("outcome").to_pylist():
                yield pickle.loads(outcome)  # noqa: S301 -- pickled by our own worker


def _start(threads: int, address: str | None) -> Any:
    """Return Daft, with its telemetry off and on Ray."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("DAFT_PROGRESS_BAR", "0")
    try:
        import daft  # noqa: PLC0415  an extra
        import ray  # noqa: PLC0415  an extra
    except ImportError:
        raise MissingExtraError("The Ray engine", "ray") from None
    if not ray.is_initialized():
        local: dict[str, Any] = {} if address else {"num_cpus": threads, "include_dashboard": False}
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False, **local)
    daft.set_runner_ray(noop_if_initialized=True)
    return daft

"""A process that does nothing but work: set up once, without pandas, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import gc, sys
from drystone.work.process import prepare_process
import pyarrow as pa
prepare_process()
prepare_process()
assert "pandas" not in sys.modules, "pyarrow was to find none"
assert pa.array([1, None]).null_count == 1
assert pa.default_memory_pool().backend_name == "system"
assert (pa.cpu_count(), pa.io_thread_count()) == (1, 2)
assert gc.get_freeze_count() > 1000
assert gc.get_threshold()[0] > 100_000
assert not any(type(finder).__name__ == "_NoPandas" for finder in sys.meta_path), "pandas can be loaded later"
"""


def test_a_process_is_set_up_once_and_can_still_load_pandas() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

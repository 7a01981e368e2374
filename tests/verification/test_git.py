"""Looking at repositories: what is none, and histories that are long."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from drystone.errors import SourceError, UsageError
from drystone.verification import METHODS, NotVerifiedError
from tests.verification.conftest import CHALLENGE, NOTHING


def test_places_that_are_no_repository(tmp_path: Path) -> None:
    for method in ("file", "branch"):
        with pytest.raises(SourceError):
            METHODS[method].check(CHALLENGE, str(tmp_path), NOTHING)
        with pytest.raises(UsageError):
            METHODS[method].check(CHALLENGE, "ext::sh -c 'touch /tmp/x'://x", NOTHING)
        with pytest.raises(UsageError):
            METHODS[method].check(CHALLENGE, "--upload-pack=touch://x", NOTHING)


@pytest.mark.slow
def test_a_long_history_takes_bounded_time(walls: Path) -> None:
    stream = "".join(
        f"commit refs/heads/main\ncommitter A <a@b> {1_600_000_000 + n} +0000\ndata 2\nx\n"
        + ("from refs/heads/main^0\n" if n == 0 else "")
        for n in range(20_000)
    )
    subprocess.run(["git", "-C", str(walls), "fast-import", "--quiet"], input=stream.encode(), check=True)
    start = time.monotonic()
    with pytest.raises(NotVerifiedError):
        METHODS["commit"].check(CHALLENGE, str(walls), NOTHING)
    assert time.monotonic() - start < 60

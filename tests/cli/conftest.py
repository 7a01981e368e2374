from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tests.release.sample import sample_rows, write_sample


@pytest.fixture(scope="session")
def sample_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of real files. Read only."""
    folder = tmp_path_factory.mktemp("release") / "sample"
    write_sample(folder, [r for r in sample_rows() if r.repository != "pypi/rich" or len(r.data) < 3000])
    return folder


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run a command as the command line does; errors raised on purpose come back as `result.exception`."""

    def run_command(command: click.Command, *arguments: object) -> Result:
        return CliRunner().invoke(command, [str(a) for a in arguments])

    return run_command

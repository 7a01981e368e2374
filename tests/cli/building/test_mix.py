from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from drystone.cli.building.mix import command
from drystone.errors import UsageError
from tests.release.sample import sample_rows, write_sample


def test_a_mixture_is_made_and_told_of(run: Callable[..., Result], tmp_path: Path) -> None:
    write_sample(tmp_path / "whole", [row for row in sample_rows() if row.repository == "own/special"])
    text = '[release]\nname = "mixed"\noutput = "out"\n[mixture]\nrelease = "whole"\n[budget]\nfiles = '
    (tmp_path / "mixture.toml").write_text(f"{text}3\n")
    done = run(command, tmp_path / "mixture.toml", "--quiet")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("mixed 1.0.0: ")
    assert "asked for" in done.output
    (tmp_path / "mixture.toml").write_text(f"{text}300\n")
    done = run(command, tmp_path / "mixture.toml", "-o", tmp_path / "b", "--quiet")
    assert isinstance(done.exception, UsageError)
    assert "asks for more than there is" in str(done.exception)

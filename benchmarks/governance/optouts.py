"""What 10,000 requests cost a build of 1,000,000 occurrences: its time over that of the same build without a registry.

The requests are of every kind, with 20 known copies each (The Stack v2 removed 22,066 files for 1,652 requests); none
takes a whole repository out, so that no work is left out: what falls is below one in a hundred.

Neighbours on a machine change how fast it computes by more than what is measured. So the two builds run at the same
time, one process on one core each, and then again with the cores exchanged; their CPU seconds are summed by kind.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.builds import workplace
from benchmarks.harness import Figure
from drystone.registry import NewRequest, Registry, Subject
from drystone.registry.requests import subjects

FILES_OF_A_REPOSITORY = 5000
_CHILD = """
import json, os, sys
from pathlib import Path
os.sched_setaffinity(0, {int(sys.argv[4])})
from drystone import building
from drystone.work.engine import Engine
from drystone.building.settings import Settings
from drystone.sources import GitSource
home, registry, output = sys.argv[1], sys.argv[2] or None, Path(sys.argv[3])
sources = [GitSource(p, about={"origin": f"https://github.com/owner{i}/repository"})
           for i, p in enumerate(sorted(Path(home).glob("*.git")))]
manifest = building.build(Settings(registry=registry), sources, output, Engine(threads=1))
print(json.dumps(manifest.counts.model_dump()))
"""


def _text(number: int) -> bytes:
    rng = random.Random(number)
    names = [f"{rng.choice('abcdefgh')}{rng.getrandbits(40):x}" for _ in range(12)]
    lines = [f"    {a} = {b}({c}, {rng.getrandbits(20)})" for a, b, c in zip(names, names[1:], names[2:], strict=False)]
    return ("def " + names[0] + "():\n" + "\n".join(lines) + "\n").encode()


def _fast_import(folder: Path, stream: bytes) -> None:
    subprocess.run(["git", "-C", str(folder), "fast-import", "--quiet", "--force"], input=stream, check=True)


def _repositories(home: Path, occurrences: int) -> list[str]:
    """Make bare repositories that borrow their blobs from one pool; return the hex ids of the blobs."""
    home.mkdir()
    pool = home / "pool"
    subprocess.run(["git", "init", "-q", "--bare", str(pool)], check=True)
    blobs = [_text(n) for n in range(occurrences // 20)]
    _fast_import(pool, b"".join(b"blob\ndata %d\n%s\n" % (len(b), b) for b in blobs))
    ids = [hashlib.sha1(b"blob %d\0%s" % (len(b), b), usedforsecurity=False).hexdigest() for b in blobs]
    rng = random.Random(1)
    for number in range(occurrences // FILES_OF_A_REPOSITORY):
        folder = home / f"{number:05d}.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder)], check=True)
        (folder / "objects/info/alternates").write_text(str(pool / "objects") + "\n")
        files = "".join(
            f"M 100644 {id_} part{i % 50}/deep/file{i}.py\n"
            for i, id_ in enumerate(rng.sample(ids, FILES_OF_A_REPOSITORY - 1))
        )
        license_ = b"SPDX-License-Identifier: MIT\n"
        head = f"commit refs/heads/main\ncommitter Ann <ann{number}@example.org> 1600000000 +0000\ndata 5\nBegin\n"
        told = b"M 100644 inline LICENSE\ndata %d\n%s\n" % (len(license_), license_)
        _fast_import(folder, head.encode() + told + files.encode() + b"\n")
    return ids


def _registry(path: Path, requests: int, ids: list[str], repositories: int) -> None:
    """Fill a registry with requests of every kind, most of them about places that are not in the build."""
    rng = random.Random(2)
    hexes = [hashlib.sha1(b"%d" % n, usedforsecurity=False).hexdigest() for n in range(20 * requests)]
    new = []
    for number in range(requests):
        kind = number % 20
        thing: list[Subject]
        if kind < 5:
            thing = [subjects.owner(f"absent{number}")]
        elif kind < 14:
            thing = [subjects.repository(f"absent{number}/repository")]
        elif kind < 17:
            # One in a hundred is about a repository that is there.
            place = f"owner{rng.randrange(repositories)}" if number % 100 == 14 else f"absent{number}"
            thing = [subjects.path(f"{place}/repository", f"part{rng.randrange(50)}/deep/file{number % 5000}.py")]
        elif kind == 17:
            thing = [subjects.object_(f"swh:1:cnt:{rng.choice(ids) if number % 100 == 17 else hexes[number]}")]
        elif kind == 18:
            thing = [subjects.object_(f"swh:1:dir:{hexes[number]}")]
        else:
            thing = subjects.author(f"absent{number}@example.org")
        new.append(NewRequest(thing, source=f"benchmark:{number}", decision=("accepted", "mo", "measured")))
    with Registry.open(path) as registry:
        received = [id_ for id_, _ in registry.requests.receive_all(new)]
        for number, id_ in enumerate(received):
            copies = [bytes.fromhex(h) for h in hexes[20 * number : 20 * number + 20]]
            registry.optouts.block(id_, copies, "measured")


def _builds(home: Path, registries: tuple[str, str], outputs: Path) -> list[tuple[float, dict[str, int]]]:
    """Build with each registry at once, on a core each; return CPU seconds and the release's counts of each."""
    cores = sorted(os.sched_getaffinity(0))
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    running = []
    for registry, core in zip(registries, (cores[0], cores[-1]), strict=True):
        output = outputs / ("under" if registry else "without")
        command = [sys.executable, "-c", _CHILD, str(home), registry, str(output), str(core)]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, env=environment))
    found = []
    for process in running:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit("a build failed")
        found.append((used.ru_utime + used.ru_stime, json.loads(said.splitlines()[-1])))
    shutil.rmtree(outputs)
    return found


def figures(quick: bool) -> list[Figure]:
    """Return the time of a build with opt-outs over that without."""
    occurrences, requests = (100_000, 1_000) if quick else (1_000_000, 10_000)
    with workplace() as folder:
        home = folder / "repositories"
        ids = _repositories(home, occurrences)
        registry = folder / "registry.sqlite"
        _registry(registry, requests, ids, occurrences // FILES_OF_A_REPOSITORY)
        without, under = [0.0, 0.0], [0.0, 0.0]
        for number, swapped in enumerate((False, True)):
            registries = (str(registry), "") if swapped else ("", str(registry))
            found = _builds(home, registries, folder / "releases")
            (without[number], plain), (under[number], counts) = reversed(found) if swapped else found
            assert plain["occurrences"] == counts["occurrences"] == occurrences
        with Registry.open(registry) as opened:
            fallen = sum(a.occurrences for request in opened.requests.all() for a in request.applications)
        assert 0 < fallen < occurrences / 50
    rounds = ", ".join(f"{u:.1f} s over {w:.1f} s" for u, w in zip(under, without, strict=True))
    note = f"CPU {rounds}; {fallen} occurrences fell"
    name = f"opt-outs applied to a build of {occurrences:,} occurrences with {requests:,} requests"
    return [Figure(name, sum(under) / sum(without), "times", 1.05, 1.01, lower_is_better=True, note=note)]

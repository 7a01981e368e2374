"""Leaves somebody's work out, from the request to the proof, with what `drystone optout`, `retract` and `audit` call.

python examples/governance.py REPOSITORY OTHER... (git repositories, which are cloned; the first is left out)
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import drystone


def git(folder: Path, *arguments: str) -> None:
    """Run git as somebody who has a name."""
    author = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    subprocess.run(["git", "-C", str(folder), *author, *arguments], check=True, capture_output=True)


def main() -> None:
    """Ask, verify, decide, retract, prove."""
    home = Path(tempfile.mkdtemp())
    registry = drystone.init_registry(str(home / "registry.sqlite"))
    clones = []
    for given in sys.argv[1:]:
        clones.append(home / Path(given).resolve().name)
        subprocess.run(["git", "clone", "-q", given, str(clones[-1])], check=True)
        git(clones[-1], "remote", "remove", "origin")  # the release names it git:FOLDER then
    sources = [str(clone) for clone in clones]
    first = drystone.build(sources, home / "release", settings={"registry": registry})
    print(f"a release: {first.manifest.counts.kept} kept, root {first.root[:12]}")

    request, _token = drystone.request_optout(
        registry, repositories=[f"git:{clones[0].name}"], contact="ann@example.org"
    )
    challenge = drystone.challenge_optout(request.id, "file", registry=registry)
    (clones[0] / ".drystone-opt-out").write_text(challenge.statement + "\n")  # only who can write there can do this
    git(clones[0], "add", "-A")
    git(clones[0], "commit", "-qm", "Opt out")
    drystone.check_optout(request.id, registry=registry, place=sources[0])
    decided = drystone.decide_optout(request.id, "accepted", registry=registry)
    print(f"request {decided.id[:2]}…: {decided.status}")

    drystone.retract([str(home / "release")], registry=registry)
    now = drystone.open_release(home / "release")
    print(f"retracted to {now.manifest.facts.version}: {now.manifest.counts.kept} kept, root {now.root[:12]}")
    gone = {row["origin"] for table in now.ledger(["origin"]) for row in table.to_pylist()}
    assert f"git:{clones[0].name}" not in gone

    again = drystone.build(sources, home / "again", settings={"registry": registry})
    print(f"a new build: {again.manifest.counts.kept} kept, {again.manifest.counts.opted_out_repositories} left out")
    problems = [
        *drystone.verify(home / "release").problems,
        *drystone.audit([home / "again"], registry=registry).problems,
    ]
    print(f"release and log were checked, {len(problems)} problems")


if __name__ == "__main__":
    main()

"""Which branch of a snapshot stands for an origin, and why: a pure function over the snapshot's branches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

HEAD: Final = b"HEAD"
_HEADS: Final = b"refs/heads/"
#: What a branch may point at so that a tree can be found behind it.
_USABLE: Final = frozenset({"revision", "release", "directory"})
_ALIAS: Final = "alias"


class Candidate(NamedTuple):
    """A branch that may stand for an origin: its full name, what it points at (20-byte id), and why it was chosen."""

    branch: bytes
    kind: str
    target: bytes
    reason: str


class BranchChoice(NamedTuple):
    """One candidate, or several of which the most recent counts; none, then `problem` says why."""

    candidates: list[Candidate]
    problem: str | None = None


def choose_branch(branches: Mapping[bytes, tuple[str, bytes]], default: str | None = None) -> BranchChoice:
    """Choose among a snapshot's branches, which map names to (type, target); an alias's target is a branch's name.

    The recorded default branch where it is known and there, else HEAD, refs/heads/main, refs/heads/master; else all
    branches below refs/heads/, or all there are, of which the caller takes the most recent. What was tried in vain is
    part of the reason.
    """
    if not branches:
        return BranchChoice([], "its snapshot has no branches")
    wanted: list[tuple[bytes, str]] = []
    if default:
        name = default.encode("utf-8", "surrogateescape")
        wanted.append((name if name in branches else _HEADS + name, "the recorded default branch"))
    wanted += [(HEAD, "HEAD"), (_HEADS + b"main", "refs/heads/main"), (_HEADS + b"master", "refs/heads/master")]
    failed: list[str] = []
    for name, why in wanted:
        found, problem = _follow(branches, name)
        if found is not None:
            through = f", an alias of {_text(found)}" if found != name else ""
            return BranchChoice([Candidate(found, *branches[found], "; ".join([*failed, why + through]))])
        if problem is not None:
            failed.append(f"{why} {problem}")
        elif why.startswith("the recorded"):
            failed.append(f"{why} {default} is not there")
    usable = {name: branch for name, branch in branches.items() if branch[0] in _USABLE and len(branch[1]) == 20}
    below = {name: branch for name, branch in usable.items() if name.startswith(_HEADS)}
    reason = "; ".join([*failed, "the most recent of " + ("the branches" if below else "all references")])
    candidates = [Candidate(name, *branch, reason) for name, branch in sorted((below or usable).items())]
    return BranchChoice(candidates, None if candidates else "; ".join([*failed, "no branch of it leads to a revision"]))


def _follow(branches: Mapping[bytes, tuple[str, bytes]], name: bytes) -> tuple[bytes | None, str | None]:
    """Return the branch that `name` leads to through its aliases; else None, and why where the name is there."""
    if name not in branches:
        return None, None
    seen = {name}
    while branches[name][0] == _ALIAS:
        name = branches[name][1]
        if name in seen:
            return None, "is an alias that goes round in a circle"
        if name not in branches:
            return None, f"is an alias of {_text(name)}, which is not there"
        seen.add(name)
    kind, target = branches[name]
    if kind not in _USABLE or len(target) != 20:
        return None, f"points at a {kind}"
    return name, None


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")

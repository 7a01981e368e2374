"""Repositories with the references that forges make, and with those that lead nowhere: what a snapshot depends on."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.sources.conftest import ENVIRONMENT

#: By name: lines of `git update-ref --stdin` over the commits FIRST and SECOND, the tag TAG, the tree TREE and the blob
#: BLOB; `symref NAME TARGET` makes a symbolic reference.
REFERENCES: Final[Mapping[str, str]] = {
    "main-alone": "create refs/heads/main SECOND",
    "pull-heads": "create refs/heads/main SECOND\ncreate refs/pull/1/head FIRST\ncreate refs/pull/12/head SECOND",
    "pull-merges": "create refs/heads/main SECOND\ncreate refs/pull/1/head FIRST\ncreate refs/pull/1/merge SECOND",
    "only-merges": "create refs/heads/main FIRST\ncreate refs/pull/7/merge SECOND\ncreate refs/pull/8/merge FIRST",
    "merge-requests": "create refs/heads/main SECOND\ncreate refs/merge-requests/3/head FIRST\n"
    "create refs/merge-requests/3/merge SECOND",
    "pipelines": "create refs/heads/main SECOND\ncreate refs/pipelines/99 FIRST",
    "changes": "create refs/heads/main SECOND\ncreate refs/changes/01/1/1 FIRST\ncreate refs/changes/01/1/meta SECOND",
    "keep-around": "create refs/heads/main SECOND\ncreate refs/keep-around/abc FIRST\ncreate refs/notes/commits FIRST",
    "merge-elsewhere": "create refs/heads/pull/1/merge SECOND\ncreate refs/heads/main FIRST\n"
    "create refs/x/1/merge FIRST",
    "merge-in-a-name": "create refs/heads/main FIRST\ncreate refs/pull/1/merge-base SECOND\n"
    "create refs/pull/merge FIRST",
    "tags": "create refs/heads/main SECOND\ncreate refs/tags/v1 TAG\ncreate refs/tags/light FIRST\n"
    "create refs/pull/2/merge TAG",
    "trees-and-blobs": "create refs/heads/main SECOND\ncreate refs/tags/tree TREE\ncreate refs/tags/blob BLOB\n"
    "create refs/pull/3/merge FIRST",
    "other-default": "create refs/heads/trunk SECOND\nsymref HEAD refs/heads/trunk\ncreate refs/pull/4/merge FIRST",
    "dangling-head": "create refs/heads/other SECOND\ncreate refs/pull/5/head FIRST",
    "dangling-to-left-out": "create refs/heads/x SECOND\nsymref HEAD refs/pull/6/merge\ncreate refs/pull/6/merge FIRST",
    "no-references": "",
    "detached": "create refs/heads/main SECOND\ndetach FIRST\ncreate refs/pull/10/merge SECOND",
    "alias": "create refs/heads/main SECOND\nsymref refs/heads/latest refs/heads/main\ncreate refs/pull/1/merge FIRST",
    "alias-of-alias": "create refs/heads/main SECOND\nsymref refs/heads/a refs/heads/b\n"
    "symref refs/heads/b refs/heads/main",
    "dangling-alias": "create refs/heads/main SECOND\nsymref refs/heads/lost refs/heads/nowhere",
    "circle": "create refs/heads/main SECOND\nsymref refs/heads/a refs/heads/b\nsymref refs/heads/b refs/heads/a",
    "clone": "create refs/heads/main SECOND\ncreate refs/remotes/origin/main FIRST\n"
    "symref refs/remotes/origin/HEAD refs/remotes/origin/main\ncreate refs/remotes/origin/pull/1/merge FIRST",
    "odd-names": "create refs/heads/main SECOND\ncreate refs/heads/na\u00efve/\u6771 FIRST\n"
    "create refs/heads/@ SECOND\ncreate refs/pull/11/head/merge FIRST",
}  # fmt: skip


def make(folder: Path) -> list[Path]:
    """Make a bare repository for each of REFERENCES below a folder; return them in that order."""
    first = folder / "objects.git"
    _git(folder, "init", "-q", "--bare", str(first))
    blob = _git(first, "hash-object", "-w", "--stdin", told="x = 1\n")
    tree = _git(first, "mktree", told=f"100644 blob {blob}\ta.py\n")
    commits = [_git(first, "commit-tree", tree, "-m", "one")]
    commits.append(_git(first, "commit-tree", tree, "-m", "two", "-p", commits[0]))
    tag = f"object {commits[0]}\ntype commit\ntag v1\ntagger Ada <ada@example.org> 1700000000 +0000\n\nv1\n"
    names = {
        "FIRST": commits[0],
        "SECOND": commits[1],
        "TREE": tree,
        "BLOB": blob,
        "TAG": _git(first, "mktag", told=tag),
    }
    made = []
    for name, lines in REFERENCES.items():
        path = folder / f"{name}.git"
        _git(folder, "-c", "init.defaultBranch=main", "init", "-q", "--bare", str(path))
        (path / "objects/info/alternates").write_text(f"{first / 'objects'}\n")
        words = [line.split(" ") for line in lines.splitlines()]
        creates = [
            f"create {ref} {names[target]}\n" for verb, ref, *rest in words for target in rest if verb == "create"
        ]
        _git(path, "update-ref", "--stdin", told="".join(creates))
        for verb, ref, *target in words:
            if verb == "symref":
                _git(path, "symbolic-ref", ref, target[0])
            elif verb == "detach":
                (path / "HEAD").write_text(f"{names[ref]}\n")
        made.append(path)
    return made


def _git(folder: Path, *arguments: str, told: str | None = None) -> str:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, input=told, check=True, capture_output=True, env=ENVIRONMENT, text=True)
    return done.stdout.strip()

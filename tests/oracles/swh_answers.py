"""Runs inside the `swh` environment: answers one JSON request a line about identifiers, by swh.model."""

import json
import sys

from swh.model import from_disk
from swh.model.model import Snapshot, SnapshotBranch, SnapshotTargetType
from swh.model.swhids import QualifiedSWHID


def directory(path):
    return from_disk.Directory.from_disk(
        path=path.encode("utf-8", "surrogateescape"), max_content_length=None
    ).hash.hex()


def content(path):
    return from_disk.Content.from_file(path=path, max_content_length=None).hash.hex()


def snapshot(branches):
    made = {}
    for name, branch in branches.items():
        raw = bytes.fromhex(name)
        if branch is None:
            made[raw] = None
        else:
            made[raw] = SnapshotBranch(target=bytes.fromhex(branch[1]), target_type=SnapshotTargetType(branch[0]))
    return Snapshot(branches=made).id.hex()


def qualified(text):
    parsed = QualifiedSWHID.from_string(text)
    return {
        "origin": parsed.origin,
        "visit": str(parsed.visit) if parsed.visit else None,
        "anchor": str(parsed.anchor) if parsed.anchor else None,
        "path": parsed.path.hex() if parsed.path is not None else None,
        "lines": list(parsed.lines) if parsed.lines else None,
    }


ASK = {"directory": directory, "content": content, "snapshot": snapshot, "qualified": qualified}

for line in sys.stdin:
    verb, argument = json.loads(line)
    print(json.dumps(ASK[verb](argument)), flush=True)

"""What a path inside a source may look like, and where its symbolic links lead. Knows nothing of kinds of source."""

from __future__ import annotations

import re
from typing import Final

from drystone.sources.base import Limits

#: Targets of symbolic links that are longer are not looked at.
MAX_LINK: Final = 1 << 16

_HERE: Final = re.compile(rb"(?:\./+)+")


def without_dots(path: bytes) -> bytes:
    """Return a path without a leading "./", however often it stands there."""
    here = _HERE.match(path)
    return path[here.end() :] if here else path


def path_problem(path: bytes, limits: Limits) -> str | None:
    """Return why a path cannot be taken as it is, None for a path that can."""
    if len(path) > limits.max_path_bytes:
        return f"the path has {len(path)} bytes, more than the limit of {limits.max_path_bytes}"
    if path.startswith(b"/"):
        return "the path is absolute"
    if b".." in path and b".." in path.split(b"/"):
        return "the path leads through '..'"
    if b"\0" in path:
        return "the path holds a NUL byte"
    if not path or path == b".":
        return "the path is empty"
    return None


def link_note(path: bytes, target: bytes) -> str | None:
    """Return a remark for a symbolic link whose target lies outside of the tree, else None."""
    if not target.startswith(b"/"):
        depth = path.count(b"/")
        for part in target.split(b"/"):
            depth += -1 if part == b".." else part not in (b"", b".")
            if depth < 0:
                break
        else:
            return None
    return f"the link's target is out of the tree: {target[:200].decode('utf-8', 'backslashreplace')}"

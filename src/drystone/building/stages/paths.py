"""Paths as the stages need them: as text, as the name alone, as a file that speaks for the folder around it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from drystone.detect.licenses import file_kind, is_license_file
from drystone.detect.licenses.paths import names_document, names_source_code
from drystone.detect.secrets.beside import shown_path


@lru_cache(maxsize=65536)
def path_text(path: bytes) -> str:
    r"""Return a path as text with a leading slash; bytes that are not UTF-8 are written as \xNN.

    Addresses and secrets in it are placeholders: this is the form in which a path leaves a build.
    """
    return "/" + shown_path(path).decode("utf-8", "backslashreplace")


#: A path from the root of a machine: not one within a URL, nor one that begins with a name.
_ABSOLUTE: Final = re.compile(r"(?<![\w.:/@~+-])/(?:[^\s'\"/;,()]+/)*([^\s'\"/;,()]*)")
_LOGIN: Final = re.compile(r"(?<=://)[^\s/@]*@")


def placeless(said: str) -> str:
    """Return what was said of something without where it lay: no folders of this machine, no logins in URLs.

    `/home/ann/walls/a.tar: it is cut short` becomes `a.tar: it is cut short`: what is said of equal sources is equal.
    """
    return _ABSOLUTE.sub(r"\1", _LOGIN.sub("", said))


def base_name(path: bytes) -> str:
    """Return the last part of a path as text; detectors see names, not where a file lies."""
    return path.rsplit(b"/", 1)[-1].decode("utf-8", "replace")


def speaks_for_tree(path: str) -> bool:
    """Return whether a file may say under which licence its folder stands.

    Source code whose name has a licence word in it (`copyright.py`, `about.c`) speaks for itself only.
    """
    if not is_license_file(path):
        return False
    return file_kind(path) in _MADE_FOR_IT or names_document(path) or not names_source_code(path)


#: Kinds of files that are there to declare a licence, whatever their suffix.
_MADE_FOR_IT: Final = frozenset({"metadata", "reuse", "tag", "debian"})

"""From the licence files of one repository to the licence of each of its folders and files.

A licence file speaks for the folder it lies in and everything below. Several in one folder hold together (AND) unless
package metadata or a README there offers a choice between them. Knows nothing of policies: "stricter" here is the
conjunction, which no policy accepts unless it accepts both sides.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from drystone.detect.licenses.annotation import LicenseAnnotation
from drystone.detect.licenses.names import spdx_expression
from drystone.detect.licenses.scan import join

#: How a nested licence meets what stands above it. `union` is The Stack v2's: every licence from the root down to the
#: file holds together. `nearest` lets the nearest folder that says something speak alone.
Nesting = Literal["union", "nearest"]

_METADATA_LIKE: Final = ("metadata", "readme")


@dataclass(frozen=True, slots=True)
class Source:
    """One piece of evidence in a repository: a finding with the file it stands in."""

    expression: str
    swhid: str
    path: str
    start_line: int
    end_line: int
    rule: str
    confidence: float


@dataclass(frozen=True, slots=True)
class TreeLicense:
    """What holds for a folder or file: an SPDX expression (None: nothing found), its identifiers, evidence, conflict.

    `needs_review` is set where a licence file there is unanswered, conflicting or under the confidence limit.
    `review` names those texts by hash.
    """

    expression: str | None
    ids: tuple[str, ...] = ()
    evidence: tuple[Source, ...] = ()
    conflict: str | None = None
    needs_review: bool = False
    review: tuple[str, ...] = ()


NOTHING: Final = TreeLicense(None)


@dataclass(frozen=True)
class _Entry:
    path: str
    annotation: LicenseAnnotation
    swhid: str


class TreeLicenses:
    """The licences of one repository; ask by folder, or by file for repositories that license by pattern."""

    def __init__(self, folders: dict[str, list[_Entry]], nesting: Nesting) -> None:
        self._nesting = nesting
        self._own = {folder: _folder(entries) for folder, entries in folders.items()}
        self._patterns = [
            (folder, re.compile(_translate(pattern)), expression, e)
            for folder, entries in sorted(folders.items())
            for e in entries
            for pattern, expression in e.annotation.paths
        ]
        self._cache: dict[str, TreeLicense] = {}

    def folder(self, path: str) -> TreeLicense:
        """Return what holds in the folder `path` ("" is the root, no slash at the end)."""
        path = path.strip("/")
        known = self._cache.get(path)
        if known is None:
            own = self._own.get(path)
            above = self.folder(path.rpartition("/")[0]) if path else NOTHING
            if own is None:
                known = above
            elif self._nesting == "nearest" and own.expression is not None:
                known = own
            else:
                known = _both(above, own)
            self._cache[path] = known
        return known

    def file(self, path: str) -> TreeLicense:
        """Return what holds for the file at `path`: a pattern of REUSE.toml or debian/copyright, else its folder."""
        path = path.strip("/")
        for folder, pattern, expression, entry in reversed(self._patterns):
            inner = path[len(folder) + 1 if folder else 0 :] if path.startswith(folder) else None
            if inner and pattern.fullmatch(inner):
                line = next((e for e in entry.annotation.evidence if e.expression == expression), None)
                start, end = (line.start_line, line.end_line) if line else (1, 1)
                rule = line.rule if line else "pattern"
                source = Source(expression, entry.swhid, entry.path, start, end, rule, line.confidence if line else 0.9)
                return TreeLicense(expression, _ids(expression), (source,))
        return self.folder(path.rpartition("/")[0])

    __call__ = folder


def tree_licenses(files: Iterable[tuple[str, LicenseAnnotation, str]], nesting: Nesting = "union") -> TreeLicenses:
    """Return the licences of one repository from its licence files: (path, annotation, SWHID) in any order."""
    folders: dict[str, list[_Entry]] = {}
    for path, annotation, swhid in files:
        clean = path.strip("/")
        folders.setdefault(_speaks_for(clean), []).append(_Entry(clean, annotation, swhid))
    for entries in folders.values():
        entries.sort(key=lambda e: (e.path, e.swhid))
    return TreeLicenses(dict(sorted(folders.items())), nesting)


def _speaks_for(path: str) -> str:
    """Return the folder a licence file speaks for; LICENSES/, debian/ and .reuse/ speak for the folder above them."""
    folder, _, name = path.rpartition("/")
    above, _, last = folder.rpartition("/")
    if last.lower() in {"licenses", "licences"} or last == ".reuse" or (last == "debian" and name == "copyright"):
        return above
    if last.endswith((".dist-info", ".egg-info")) or (last.lower() == "license" and name.lower().startswith("license")):
        return above
    return folder


def _folder(entries: list[_Entry]) -> TreeLicense:
    """Combine the licence files of one folder."""
    said = [e for e in entries if e.annotation.expression]
    texts = [e for e in said if e.annotation.kind not in _METADATA_LIKE]
    declared = [e for e in said if e.annotation.kind in _METADATA_LIKE]
    reuse = [e for e in texts if "/licenses/" in f"/{e.path.lower()}"]
    plain = [e for e in texts if e not in reuse]
    conflict: str | None = None
    expression: str | None = None
    from_texts = join([str(e.annotation.expression) for e in (plain or reuse)], "AND") if texts else None
    best = _declared(declared)
    if from_texts is None:
        expression = best
    elif best is None:
        expression = from_texts
    else:
        a, b = _family(best), _family(from_texts)
        if a == b or ((" OR " in best) and b <= a):
            expression = best  # the declaration orders the same licences: a choice, an exception, "or later"
        elif a <= b and all(e.annotation.kind != "metadata" for e in declared):
            expression = from_texts
        elif a & b:
            expression = join([from_texts, best], "AND")
        else:
            expression = join([from_texts, best], "AND")
            conflict = f"declared {best}, texts say {from_texts}"
    evidence = tuple(s for e in said for s in _sources(e))
    doubtful = [e for e in entries if e.annotation.needs_review or (conflict and e in said)]
    conflicts = [c for c in (conflict, *(e.annotation.conflict for e in entries)) if c]
    return TreeLicense(
        expression=expression,
        ids=_ids(expression),
        evidence=evidence,
        conflict="; ".join(dict.fromkeys(conflicts)) or None,
        needs_review=bool(doubtful) or bool(conflicts),
        review=tuple(dict.fromkeys(e.annotation.text_sha256 for e in doubtful if e.annotation.text_sha256)),
    )


def _declared(entries: list[_Entry]) -> str | None:
    """Return what a folder's metadata and README declare: metadata before README, the surest first."""
    for kind in _METADATA_LIKE:
        found = [e for e in entries if e.annotation.kind == kind]
        if found:
            top = max(e.annotation.confidence for e in found)
            return join(
                [str(e.annotation.expression) for e in found if e.annotation.confidence >= min(0.8, top)], "AND"
            )
    return None


def _both(above: TreeLicense, own: TreeLicense) -> TreeLicense:
    if above is NOTHING:
        return own
    expressions = [e for e in (above.expression, own.expression) if e]
    expression = join(expressions, "AND") if expressions else None
    return TreeLicense(
        expression=expression,
        ids=_ids(expression),
        evidence=(*above.evidence, *own.evidence),
        conflict="; ".join(dict.fromkeys(c for c in (above.conflict, own.conflict) if c)) or None,
        needs_review=above.needs_review or own.needs_review,
        review=tuple(dict.fromkeys((*above.review, *own.review))),
    )


def file_license(tree: TreeLicense, header: LicenseAnnotation | None, swhid: str = "", path: str = "") -> TreeLicense:
    """Return what holds for one file: its own header, where it has one, else what holds for its folder.

    A header that names other licences than the folder is a conflict; it is recorded, and the stricter wins: where the
    header is among the folder's choices or parts, the header alone holds; where it adds a licence, the header holds
    too (a copyleft header inside a permissive folder stays copyleft; a permissive header under a copyleft folder does
    not free the file, so both hold).
    """
    if header is None or header.expression is None:
        return tree
    sources = tuple(
        Source(e.expression, swhid, path, e.start_line, e.end_line, e.rule, e.confidence) for e in header.evidence
    )
    own = str(header.expression)
    conflict = header.conflict
    expression = own
    if tree.expression is not None and tree.expression != own:
        a, b = _family(own), _family(tree.expression)
        if not a & b:
            found = f"header says {own}, folder says {tree.expression}"
            conflict = f"{conflict}; {found}" if conflict else found
            expression = join([own, tree.expression], "AND")
    evidence = (*sources, *tree.evidence) if expression != own else sources
    return TreeLicense(
        expression=expression,
        ids=_ids(expression),
        evidence=evidence,
        conflict=conflict,
        needs_review=header.needs_review or (conflict is not None and bool(tree.needs_review)),
        review=(header.text_sha256,) if header.needs_review and header.text_sha256 else (),
    )


def _sources(entry: _Entry) -> list[Source]:
    return [
        Source(e.expression, entry.swhid, entry.path, e.start_line, e.end_line, e.rule, e.confidence)
        for e in entry.annotation.evidence
    ]


def _ids(expression: str | None) -> tuple[str, ...]:
    if expression is None:
        return ()
    return tuple(sorted(set(re.findall(r"[\w.+:-]+", expression)) - {"AND", "OR", "WITH"}))


def _family(expression: str) -> set[str]:
    return {re.sub(r"-only$|-or-later$", "", i) for i in _ids(spdx_expression(expression) or expression)}


def _translate(pattern: str) -> str:
    """Return a regular expression for a REUSE or DEP-5 pattern: `*` matches slashes too, as DEP-5 has it."""
    if len(pattern) > 1000 or pattern.count("*") > 20:
        return r"(?!)"
    return fnmatch.translate(pattern.removeprefix("./").replace("**", "*"))

"""From the licence files of one repository to the licence of each of its folders and files.

A licence file speaks for the folder it lies in and everything below. Several in one folder hold together (AND) unless
package metadata or a README there offers a choice between them. Knows nothing of policies.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from drystone.detect.licenses.annotation import Evidence, LicenseAnnotation, families
from drystone.detect.licenses.matching.scan import join
from drystone.detect.licenses.strictness import strictness

#: How a nested licence meets what stands above it. `union` is The Stack v2's: every licence from the root down to the
#: file holds together. `nearest` lets the nearest folder that says something speak alone.
TreeRule = Literal["union", "nearest"]

_DECLARING: Final = ("metadata", "readme")
#: Pieces of evidence that one folder or file carries at most; the expression is always whole.
_MAX_EVIDENCE: Final = 64


@dataclass(frozen=True)
class _Entry:
    path: str
    annotation: LicenseAnnotation
    swhid: str


class TreeLicenses:
    """The licences of one repository, by folder (call it), or by file where `by_file` says that patterns matter."""

    def __init__(self, folders: dict[str, list[_Entry]], rule: TreeRule) -> None:
        self._rule = rule
        self._own = {folder: _folder(entries) for folder, entries in folders.items()}
        self._patterns = [
            (folder, re.compile(_translate(pattern)), expression, e)
            for folder, entries in sorted(folders.items())
            for e in entries
            for pattern, expression in e.annotation.paths
        ]
        self._cache: dict[str, LicenseAnnotation | None] = {}

    @property
    def by_file(self) -> bool:
        """Whether files of one folder may differ (REUSE.toml, debian/copyright); then ask `file`, not the folder."""
        return bool(self._patterns)

    def __call__(self, folder: str) -> LicenseAnnotation | None:
        """Return what holds in a folder ("" is the root), or None where nothing speaks for it."""
        return self._folder([part for part in folder.split("/") if part])

    def _folder(self, parts: list[str]) -> LicenseAnnotation | None:
        # From the root down, without recursion: hostile paths have thousands of parts.
        known: LicenseAnnotation | None = None
        for depth in range(len(parts) + 1):
            path = "/".join(parts[:depth])
            if path in self._cache:
                known = self._cache[path]
                continue
            own = self._own.get(path)
            if own is not None:
                alone = known is None or (self._rule == "nearest" and own.expression is not None)
                known = own if alone or known is None else _both(known, own)
            if own is not None or depth == 0:
                self._cache[path] = known
        return known

    def file(self, path: str) -> LicenseAnnotation | None:
        """Return what holds for the file at `path`: a pattern of REUSE.toml or debian/copyright, else its folder."""
        path = path.strip("/")
        for folder, pattern, expression, entry in reversed(self._patterns):
            if folder and not path.startswith(folder + "/"):
                continue
            inner = path[len(folder) + 1 :] if folder else path
            if pattern.fullmatch(inner):
                found = next((e for e in entry.annotation.evidence if e.expression == expression), None)
                evidence = found or Evidence(expression, 1, 1, "pattern", 0.9)
                evidence = replace(evidence, path=entry.path, swhid=entry.swhid)
                return LicenseAnnotation(expression, "tree", (evidence,))
        return self(path.rpartition("/")[0])


def tree_licenses(files: Iterable[tuple[str, LicenseAnnotation, str]], rule: TreeRule = "union") -> TreeLicenses:
    """Return the licences of one repository from its licence files: (path, annotation, SWHID) in any order."""
    folders: dict[str, list[_Entry]] = {}
    for path, annotation, swhid in files:
        clean = path.strip("/")
        folders.setdefault(_speaks_for(clean), []).append(_Entry(clean, annotation, swhid))
    for entries in folders.values():
        entries.sort(key=lambda e: (e.path, e.swhid))
    return TreeLicenses(dict(sorted(folders.items())), rule)


def _speaks_for(path: str) -> str:
    """Return the folder a licence file speaks for; LICENSES/, debian/ and .reuse/ speak for the folder above them."""
    folder, _, name = path.rpartition("/")
    above, _, last = folder.rpartition("/")
    if last.lower() in {"licenses", "licences"} or last == ".reuse" or (last == "debian" and name == "copyright"):
        return above
    if last.endswith((".dist-info", ".egg-info")):
        return above
    return folder


def _folder(entries: list[_Entry]) -> LicenseAnnotation | None:
    """Combine the licence files of one folder; None where none of them says anything."""
    said = [e for e in entries if e.annotation.expression]
    texts = [e for e in said if e.annotation.kind not in _DECLARING]
    declared = [e for e in said if e.annotation.kind in _DECLARING]
    collection = [e for e in texts if "/licenses/" in f"/{e.path.lower()}"]
    plain = [e for e in texts if e not in collection]
    conflict: str | None = None
    from_texts = join([str(e.annotation.expression) for e in (plain or collection)], "AND") if texts else None
    best = _declared(declared)
    if from_texts is None or best is None:
        expression = from_texts or best
    else:
        a, b = families(best), families(from_texts)
        if a == b or (" OR " in best and b <= a):
            expression = best  # the declaration orders the same licences: a choice, an exception, "or later"
        elif a < b and " OR " not in from_texts:
            expression = from_texts
        else:
            expression = join([from_texts, best], "AND")
            if not a & b:
                conflict = f"declared {best}, texts say {from_texts}"
    conflicts = [c for c in (conflict, *(e.annotation.conflict for e in entries)) if c]
    doubtful = [e for e in entries if e.annotation.needs_review or (conflict and e in said)]
    review = tuple(dict.fromkeys(e.annotation.text_sha256 for e in doubtful if e.annotation.text_sha256))
    if expression is None and not review:
        return None
    return LicenseAnnotation(
        expression=expression,
        kind="tree",
        evidence=_evidence(e for entry in said for e in _placed(entry)),
        conflict="; ".join(dict.fromkeys(conflicts)) or None,
        unanswered=expression is None,
        review=review,
    )


def _declared(entries: list[_Entry]) -> str | None:
    """Return what a folder's metadata and README declare: metadata before README, the surest first."""
    for kind in _DECLARING:
        found = [e for e in entries if e.annotation.kind == kind]
        if found:
            limit = min(0.8, max(e.annotation.confidence for e in found))
            return join([str(e.annotation.expression) for e in found if e.annotation.confidence >= limit], "AND")
    return None


def _both(above: LicenseAnnotation, own: LicenseAnnotation) -> LicenseAnnotation:
    expressions = [e for e in (above.expression, own.expression) if e]
    return LicenseAnnotation(
        expression=join(expressions, "AND") if expressions else None,
        kind="tree",
        evidence=_evidence((*own.evidence, *above.evidence)),
        conflict="; ".join(dict.fromkeys(c for c in (above.conflict, own.conflict) if c)) or None,
        unanswered=not expressions,
        review=tuple(dict.fromkeys((*above.review, *own.review))),
    )


def file_license(
    tree: LicenseAnnotation | None, header: LicenseAnnotation | None, path: str = "", swhid: str = ""
) -> LicenseAnnotation | None:
    """Return what holds for one file: its own header, where it has one, else what holds for its folder.

    A header that shares a licence with the folder holds alone. One that names only other licences is a conflict; it is
    recorded, and the stricter wins: a header that is at least as strict holds alone (copyleft inside a permissive
    folder), a milder one does not free the file from its folder, so both hold. `path` and `swhid` name the file in its
    evidence.
    """
    if header is None or header.expression is None:
        return tree
    own = tuple(replace(e, path=path, swhid=swhid) for e in header.evidence)
    review = (header.text_sha256,) if header.needs_review and header.text_sha256 else ()
    if tree is None or tree.expression is None or families(header.expression) & families(tree.expression):
        return LicenseAnnotation(header.expression, "file", _evidence(own), header.conflict, review=review)
    found = f"header says {header.expression}, folder says {tree.expression}"
    mine, theirs = strictness(header.expression), strictness(tree.expression)
    alone = mine > theirs or mine == theirs == 0
    return LicenseAnnotation(
        expression=header.expression if alone else join([header.expression, tree.expression], "AND"),
        kind="file",
        evidence=_evidence((*own, *tree.evidence)),
        conflict=f"{header.conflict}; {found}" if header.conflict else found,
        review=tuple(dict.fromkeys((*review, *tree.review))),
    )


def _placed(entry: _Entry) -> list[Evidence]:
    return [replace(e, path=entry.path, swhid=entry.swhid) for e in entry.annotation.evidence]


def _evidence(found: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return one piece of evidence for each licence and file, the surest, in the order given."""
    kept: dict[tuple[str, str, str], Evidence] = {}
    for e in found:
        key = (e.expression, e.path, e.swhid)
        if key not in kept or kept[key].confidence < e.confidence:
            kept[key] = e
    return tuple(kept.values())[:_MAX_EVIDENCE]


def _translate(pattern: str) -> str:
    """Return a regular expression for a REUSE or DEP-5 pattern: `*` matches slashes too, as DEP-5 has it."""
    if len(pattern) > 1000 or pattern.count("*") > 12:
        return r"(?!)"
    return fnmatch.translate(re.sub(r"\*{2,}", "*", pattern.removeprefix("./")))

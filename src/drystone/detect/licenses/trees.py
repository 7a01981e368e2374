"""From the licence files of one repository to the licence of each of its folders and files.

A licence file speaks for the folder it lies in and everything below. What is denied or not understood in a folder stops
what the folders above it grant. REUSE.toml and Debian copyright files speak for files by pattern, a `.license` file for
the file beside it. Knows nothing of policies.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from drystone.detect.licenses.annotation import (
    REVIEW_LIMIT,
    Evidence,
    LicenseAnnotation,
    LicenseState,
    PathRule,
    families,
)
from drystone.detect.licenses.declarations.globs import compiled
from drystone.detect.licenses.declarations.values import OF_THIS_FOLDER
from drystone.detect.licenses.files import UNREAD
from drystone.detect.licenses.folders import REFUSING, Entry, folder_license, placed, unique
from drystone.detect.licenses.matching.scan import join
from drystone.detect.licenses.paths import file_kind
from drystone.detect.licenses.strictness import strictness

#: How a nested licence meets what stands above it. `union` is The Stack v2's: every licence from the root down to the
#: file holds together. `nearest` lets the nearest folder that says something speak alone.
TreeRule = Literal["union", "nearest"]

_SUFFIX: Final = ".license"


@dataclass(frozen=True)
class _Rules:
    """A file of patterns: the folder that it speaks for, and its rules, compiled, the last one first."""

    folder: str
    entry: Entry
    rules: list[tuple[Any, PathRule]]

    def match(self, path: str) -> PathRule | None:
        """Return the last rule that matches the file at `path`."""
        if self.folder and not path.startswith(self.folder + "/"):
            return None
        inner = path[len(self.folder) + 1 :] if self.folder else path
        return next((rule for pattern, rule in self.rules if pattern is not None and pattern.fullmatch(inner)), None)


class TreeLicenses:
    """The licences of one repository, by folder (call it), or by file where `by_file` says that files differ."""

    def __init__(self, folders: dict[str, list[Entry]], beside: dict[str, Entry], rule: TreeRule) -> None:
        self._rule = rule
        self._own = {folder: folder_license(entries) for folder, entries in folders.items()}
        self._beside = beside
        # From the root down, as REUSE takes the nearest and lets an override win that stands higher.
        self._ruled = [
            _Rules(folder, e, [(compiled(r.pattern, r.globs), r) for r in reversed(e.annotation.paths)])
            for folder, entries in sorted(folders.items(), key=lambda item: (item[0].count("/"), item[0]))
            for e in entries
            if e.annotation.paths
        ]
        self._cache: dict[str, LicenseAnnotation | None] = {}
        self._made: dict[tuple[object, ...], LicenseAnnotation] = {}

    @property
    def by_file(self) -> bool:
        """Whether files of one folder may differ (REUSE.toml, debian/copyright, `.license`); then ask `file`."""
        return bool(self._ruled or self._beside)

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """Yield (hash of a text, conflict) for each text that a person should look at for a conflict in its folder."""
        for own in self._own.values():
            if own is not None and own.conflict is not None:
                yield from ((text, own.conflict) for text in own.review)

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
                known = own if known is None else _below(known, own, self._rule)
            if own is not None or depth == 0:
                self._cache[path] = known
        return known

    def file(self, path: str) -> LicenseAnnotation | None:
        """Return what holds for the file at `path`: its `.license` file, a pattern, or else its folder."""
        path = path.strip("/")
        beside = self._beside.get(path)
        matches = [(rules, rule) for rules in self._ruled if (rule := rules.match(path)) is not None]
        matches = [(rules, rule) for rules, rule in matches if rule.expression != ""]
        folder = path.rpartition("/")[0]
        if not matches and beside is None:
            return self(folder)
        between = self._between(matches[-1][0].folder, folder) if matches else []
        key = (id(beside), *((id(rules), id(rule)) for rules, rule in matches), *map(id, between))
        if key not in self._made:
            made = _ruled(matches) if matches else None
            if beside is not None and (made is None or not _overrides(made)):
                made = _beside(beside, made)
            elif made is not None:
                for own in between:
                    made = replace(_below(made, own, "union"), precedence="override" if _overrides(made) else "")
            assert made is not None  # there is a match or a file beside it
            self._made[key] = made
        return self._made[key]

    def _between(self, above: str, folder: str) -> list[LicenseAnnotation]:
        """Return what the folders say that lie below `above` on the way to `folder`: texts of vendored code, say."""
        parts = folder.split("/") if folder else []
        first = above.count("/") + 2 if above else 1
        found = (self._own.get("/".join(parts[:depth])) for depth in range(first, len(parts) + 1))
        return [own for own in found if own is not None]


def _overrides(found: LicenseAnnotation) -> bool:
    return found.precedence == "override"


def tree_licenses(
    files: Iterable[tuple[str, LicenseAnnotation, str]],
    rule: TreeRule = "union",
    present: Callable[[str], bool] = lambda _path: True,
) -> TreeLicenses:
    """Return the licences of one repository from its licence files: (path, annotation, SWHID) in any order.

    `present` says whether a file lies at a path: `x.license` speaks for `x` alone where there is an `x`.
    """
    folders: dict[str, list[Entry]] = {}
    beside: dict[str, Entry] = {}
    by_path: dict[str, Entry] = {}
    for path, annotation, swhid in sorted(files, key=lambda f: (f[0], f[2])):
        entry = Entry(path.strip("/"), annotation, swhid)
        if _is_unread(annotation) and file_kind(entry.path) not in {"text", "tag", "reuse"}:
            continue  # the same bytes (none, say) are no licence text under another name
        by_path[entry.path.lower()] = entry
        of = entry.path.removesuffix(_SUFFIX)
        if file_kind(entry.path) == "tag" and present(of):
            beside[of] = entry
        else:
            folders.setdefault(_speaks_for(entry.path), []).append(entry)
    for folder, entries in folders.items():
        pointing = [e for e in entries if e.annotation.points_to and e.state is LicenseState.ABSENT]
        entries.extend(found for e in pointing for found in _followed(e, folder, folders, by_path))
        entries.sort(key=lambda e: (e.path, e.swhid))
    return TreeLicenses(dict(sorted(folders.items())), beside, rule)


def _is_unread(annotation: LicenseAnnotation) -> bool:
    return annotation.kind == "text" and any(e.rule.startswith(UNREAD) for e in annotation.evidence)


def _followed(
    entry: Entry, folder: str, folders: Mapping[str, list[Entry]], by_path: Mapping[str, Entry]
) -> list[Entry]:
    """Return what the files say to which metadata points; one that is not there, or says nothing, is not understood."""
    found: list[Entry] = []
    for target in entry.annotation.points_to:
        named = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), target)).lower() if target else ""
        if target == OF_THIS_FOLDER:
            other = _text_of(folder, folders)
        else:
            other = by_path.get(named) if target else _any_text(folder, folders)
        if other is None and target:
            tried = (f"{named}{end}" for end in (".txt", ".md", ".rst"))
            other = next((by_path[path] for path in tried if path in by_path), None)
        if other is not None and other.state is not LicenseState.ABSENT:
            if target and target != OF_THIS_FOLDER and _speaks_for(other.path) != folder:
                found.append(other)
            continue
        line = entry.annotation.evidence[0].start_line if entry.annotation.evidence else 1
        unread = Evidence("", line, line, "unread:points-elsewhere", 0.5)
        source = entry if other is None else other
        said = replace(entry.annotation, unanswered=True, evidence=(unread,))
        if other is not None:  # the text itself is what a person should read
            said = replace(said, kind="text", text_sha256=other.annotation.text_sha256)
        found.append(Entry(source.path, said, source.swhid))
    return found


def _text_of(folder: str, folders: Mapping[str, list[Entry]]) -> Entry | None:
    """Return a licence text that speaks for the folder itself."""
    texts = (e for e in folders.get(folder, ()) if e.annotation.kind in {"text", "notice"})
    return next((e for e in texts if e.state is not LicenseState.ABSENT), None)


def _any_text(folder: str, folders: Mapping[str, list[Entry]]) -> Entry | None:
    """Return a licence text of the folder or the nearest above it."""
    while True:
        if (entry := _text_of(folder, folders)) is not None:
            return entry
        if not folder:
            return None
        folder = folder.rpartition("/")[0]


def _speaks_for(path: str) -> str:
    """Return the folder a licence file speaks for.

    LICENSES/, LICENSE/, debian/ and .reuse/ speak for the folder above them, as .dist-info and .egg-info do.
    """
    folder, _, name = path.rpartition("/")
    above, _, last = folder.rpartition("/")
    if last.lower() in {"licenses", "licences", "license", "licence"} or last == ".reuse":
        return above
    if (last == "debian" and name == "copyright") or last.endswith((".dist-info", ".egg-info")):
        return above
    return folder


def _below(above: LicenseAnnotation, own: LicenseAnnotation, rule: TreeRule) -> LicenseAnnotation:
    """Return what holds in a folder that says `own` below one where `above` holds."""
    if own.state in REFUSING or (rule == "nearest" and own.state is not LicenseState.ABSENT):
        return own  # nothing is inherited
    refused = above.state in REFUSING
    expressions = [e for e in (above.expression, own.expression) if e]
    return LicenseAnnotation(
        expression=join(expressions, "AND") if expressions and not refused else None,
        kind="tree",
        evidence=unique((*above.evidence, *own.evidence) if refused else (*own.evidence, *above.evidence)),
        conflict="; ".join(dict.fromkeys(c for c in (above.conflict, own.conflict) if c)) or None,
        unanswered=refused or not expressions,
        denied=above.denied,
        review=tuple(dict.fromkeys((*above.review, *own.review))),
    )


def _ruled(matches: list[tuple[_Rules, PathRule]]) -> LicenseAnnotation:
    """Return what patterns say of a file, from the root down (REUSE 3.3, precedence).

    The highest override holds whatever the file and the folders below say; what stands above it holds as well, as in
    the reuse tool. Otherwise the nearest `closest` holds where the file says nothing itself, and all that aggregate
    hold in any case.
    """
    override = next((match for match in matches if match[1].precedence == "override"), None)
    heard = matches if override is None else matches[: matches.index(override)]
    adds = [m for m in heard if m[1].precedence == "aggregate"]
    nearest = next((m for m in reversed(heard) if m[1].precedence in {"closest", ""}), None)
    chosen = [m for m in (override, nearest, *adds) if m is not None]
    expressions = [rule.expression for _, rule in chosen]
    added = [str(rule.expression) for _, rule in adds if rule.expression is not None]
    understood = all(x is not None for x in expressions)
    if override is None and all(rule.precedence == "" for _, rule in chosen):
        precedence = ""
    else:
        precedence = "override" if override is not None else "closest"
    return LicenseAnnotation(
        expression=join([str(x) for x in expressions], "AND") if understood else None,
        kind="tree",
        evidence=unique(e for rules, rule in chosen for e in _of_rule(rules.entry, rule)),
        unanswered=not understood,
        precedence=precedence,  # type: ignore[arg-type]
        adds=join(added, "AND") if added else None,
    )


def _of_rule(entry: Entry, rule: PathRule) -> list[Evidence]:
    name = "reuse" if rule.globs == "reuse" else "debian-copyright"
    expression = rule.expression or ""
    said = next((e.confidence for e in entry.annotation.evidence if e.start_line == rule.line), 0.9)
    found = Evidence(expression, rule.line, rule.line, name if expression else f"unread:{name}", said)
    return placed(Entry(entry.path, replace(entry.annotation, evidence=(found,)), entry.swhid))


def _beside(entry: Entry, ruled: LicenseAnnotation | None) -> LicenseAnnotation:
    """Return what a `.license` file says of the file beside it: it stands for the file's own head."""
    adds = ruled.adds if ruled is not None else None
    said = entry.annotation
    if said.state is LicenseState.ABSENT and ruled is not None:
        return ruled
    expression = join([said.expression, adds], "AND") if said.expression and adds else said.expression
    return replace(
        said,
        kind="tree",
        expression=expression,
        evidence=unique((*placed(entry), *(ruled.evidence if ruled is not None and adds else ()))),
        review=(said.text_sha256,) if said.needs_review and said.text_sha256 else (),
        text_sha256="",
        copyrights=(),
        precedence="override",
    )


def _refused(
    tree: LicenseAnnotation | None, header: LicenseAnnotation, own: tuple[Evidence, ...], review: tuple[str, ...]
) -> LicenseAnnotation:
    """Return what holds for a file whose header denies or is not understood, whatever its folder grants."""
    conflicts = [header.conflict] if header.conflict else []
    if tree is not None and tree.state is LicenseState.GRANTED:
        what = "denies the right" if header.denied else "is not understood"
        conflicts.append(f"header {what}, folder says {tree.expression}")
    return LicenseAnnotation(
        None,
        "file",
        unique((*own, *(tree.evidence if tree is not None else ()))),
        "; ".join(conflicts) or None,
        unanswered=True,
        denied=header.denied or (tree is not None and tree.denied),
        review=tuple(dict.fromkeys((*review, *(tree.review if tree is not None else ())))),
    )


def _with_snippets(
    found: LicenseAnnotation | None, header: LicenseAnnotation, path: str, swhid: str
) -> LicenseAnnotation:
    """Return what holds for a file with snippets under licences of their own: all of them hold together."""
    own = tuple(replace(e, path=path, swhid=swhid) for e in header.evidence if e.rule == "spdx-snippet")
    if found is None or found.state is LicenseState.ABSENT:
        return LicenseAnnotation(header.adds, "file", unique(own))
    if found.state in REFUSING:
        return found
    expression = join([str(found.expression), str(header.adds)], "AND")
    return replace(found, kind="file", expression=expression, evidence=unique((*found.evidence, *own)))


def _only_family(header: LicenseAnnotation, tree: LicenseAnnotation | None) -> bool:
    """Whether a head says no more than "BSD", in a folder that says which: "BSD, see LICENSE for details"."""
    if tree is None or tree.state is not LicenseState.GRANTED or header.expression != "BSD-3-Clause":
        return False
    bare = all(e.rule == "notice" and e.confidence < REVIEW_LIMIT for e in header.evidence)
    return bare and all(family.startswith("BSD-") for family in families(tree.expression))


def file_license(
    tree: LicenseAnnotation | None, header: LicenseAnnotation | None, path: str = "", swhid: str = ""
) -> LicenseAnnotation | None:
    """Return what holds for one file: its own header, where it has one, else what holds for its folder.

    A header that denies, or is not understood, holds whatever the folder grants, and so does such a folder whatever a
    header grants. A header that shares a licence with the folder holds alone. One that names only other licences is a
    conflict; it is recorded, and the stricter wins: a header that is at least as strict holds alone (copyleft inside a
    permissive folder), a milder one does not free the file from its folder, so both hold. Where a pattern of REUSE.toml
    or a `.license` file speaks of the file, REUSE's precedence decides instead. `path` and `swhid` name the file in its
    evidence.
    """
    if header is not None and header.adds is not None:
        bare = replace(header, adds=None)
        if tree is None or tree.precedence == "":
            return _with_snippets(file_license(tree, bare, path, swhid), header, path, swhid)
        # To REUSE the tags of snippets are those of the file.
        tags = [x for x in (header.expression, header.adds) if x]
        header = bare if header.state in REFUSING else replace(bare, expression=join(tags, "AND"))
    if header is None or header.state is LicenseState.ABSENT or _only_family(header, tree):
        return tree
    own = tuple(replace(e, path=path, swhid=swhid) for e in header.evidence)
    head = (header.text_sha256,) if header.text_sha256 else ()
    review = head if header.needs_review or Entry(path, header, swhid).decided else ()
    conflicts = [header.conflict] if header.conflict else []
    said = tree.expression if tree is not None and tree.state is LicenseState.GRANTED else None
    if header.state in REFUSING:
        return _refused(tree, header, own, review)
    granted = str(header.expression)
    if tree is None or tree.state is LicenseState.ABSENT:
        return LicenseAnnotation(granted, "file", unique(own), header.conflict, review=review)
    if tree.precedence == "closest":
        expression = granted if tree.adds is None else join([granted, tree.adds], "AND")
        evidence = own if tree.adds is None else (*own, *tree.evidence)
        return LicenseAnnotation(expression, "file", unique(evidence), header.conflict, review=review)
    if tree.state in REFUSING or _overrides(tree):
        if said is not None and not families(granted) <= families(said):
            conflicts.append(
                f"header says {granted}, {tree.evidence[0].path if tree.evidence else 'REUSE'} says {said}"
            )
            review = head
        return replace(
            tree,
            kind="file",
            conflict="; ".join([*conflicts, *filter(None, [tree.conflict])]) or None,
            review=tuple(dict.fromkeys((*review, *tree.review))),
        )
    if families(granted) & families(tree.expression):
        return LicenseAnnotation(granted, "file", unique(own), header.conflict, review=review)
    conflicts.append(f"header says {granted}, folder says {tree.expression}")
    mine, theirs = strictness(granted), strictness(str(tree.expression))
    alone = mine > theirs or mine == theirs == 0
    return LicenseAnnotation(
        expression=granted if alone else join([granted, str(tree.expression)], "AND"),
        kind="file",
        evidence=unique((*own, *tree.evidence)),
        conflict="; ".join(conflicts),
        review=tuple(dict.fromkeys((*head, *tree.review))),
    )

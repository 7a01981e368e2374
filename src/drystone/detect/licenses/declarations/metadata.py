"""Licences that package metadata declares: Python, npm, Cargo, Composer, R, Ruby, Maven, Haskell, Perl, RPM and others.

Runs no code and resolves no files; damaged metadata gives a note, never an exception. Knows nothing of licence texts.
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import yaml

from drystone.detect.licenses.annotation import Evidence
from drystone.detect.licenses.matching.names import declared
from drystone.detect.licenses.matching.scan import join
from drystone.detect.licenses.texts import text_expression

#: Metadata files are read up to this size, in bytes.
MAX_BYTES: Final = 1 << 20

_CLASSIFIERS: Final = {
    "OSI Approved": None, "Freely Distributable": None, "Freeware": None, "Free For Home Use": None,
    "Free For Educational Use": None, "Other/Proprietary License": None, "DFSG approved": None,
    "Public Domain": "LicenseRef-scancode-public-domain",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "GNU General Public License (GPL)": "GPL-1.0-or-later", "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.0-only",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "Zope Public License": "ZPL-2.1", "Python Software Foundation License": "PSF-2.0",
    "Historical Permission Notice and Disclaimer (HPND)": "HPND", "MIT No Attribution License (MIT-0)": "MIT-0",
    "Eclipse Public License 1.0 (EPL-1.0)": "EPL-1.0", "Eclipse Public License 2.0 (EPL-2.0)": "EPL-2.0",
    "ISC License (ISCL)": "ISC", "The Unlicense (Unlicense)": "Unlicense", "zlib/libpng License": "Zlib",
    "Academic Free License (AFL)": "AFL-3.0",
}  # fmt: skip
#: Classifiers that leave open which licence is meant.
_VAGUE: Final = {
    "BSD License": ("BSD-3-Clause", 0.6),
    "Apache Software License": ("Apache-2.0", 0.8),
    "Artistic License": ("Artistic-1.0", 0.6),
    "Academic Free License (AFL)": ("AFL-3.0", 0.6),
}


@dataclass(frozen=True)
class Declaration:
    """What one field says: its name, its value as written, and its reading (None where it says nothing known)."""

    field: str
    value: str
    answer: tuple[str, float] | None


class MetadataError(ValueError):
    """A metadata file that its own format's reader refuses."""


def find_declarations(data: bytes, path: str) -> tuple[list[Evidence], str | None, list[str]]:
    """Return (findings, conflict, notes) of a metadata file named `path`."""
    name = path.rpartition("/")[2].lower()
    notes: list[str] = []
    if len(data) > MAX_BYTES:
        data, notes = data[:MAX_BYTES], ["truncated"]
    text = data.decode("utf-8-sig", "replace")
    try:
        declarations = _reader(name)(text)
    except (
        MetadataError,
        ValueError,
        RecursionError,
        configparser.Error,
        yaml.YAMLError,
        TypeError,
        AttributeError,
    ) as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        return [], None, [*notes, f"broken metadata: {reason}"]
    findings: list[Evidence] = []
    for d in declarations:
        if d.answer is None:
            if d.value and not re.search(r"(?i)^see |licen[sc]e file|unknown|noassertion", d.value):
                notes.append(f"unread declaration: {d.value[:80]}")
            continue
        line = _line_of(text, d.value)
        findings.append(Evidence(d.answer[0], line, line, d.field, d.answer[1]))
    return findings, _conflict(findings), notes


def _line_of(text: str, value: str) -> int:
    place = text.find(value.splitlines()[0].strip()) if value.strip() else -1
    return text.count("\n", 0, place) + 1 if place >= 0 else 1


def _conflict(findings: list[Evidence]) -> str | None:
    """Say where two confident declarations of one file name different licences."""
    sure = list(dict.fromkeys(e.expression for e in findings if e.confidence >= 0.8))
    if len(sure) < 2:
        return None
    names = [set(re.findall(r"[\w.+-]+", re.sub(r"-only|-or-later", "", e))) - {"OR", "AND", "WITH"} for e in sure]
    if all(a <= b or b <= a for a in names for b in names):
        return None
    return "declarations differ: " + "; ".join(sure)


def _reader(name: str) -> Callable[[str], list[Declaration]]:
    if name in _READERS:
        return _READERS[name]
    for suffix, reader in _BY_SUFFIX:
        if name.endswith(suffix):
            return reader
    return _nothing


def _nothing(_text: str) -> list[Declaration]:
    return []


def _field(name: str, value: object) -> list[Declaration]:
    """Read one field whose value is a declaration, or nothing."""
    if not isinstance(value, str) or not value.strip():
        return []
    if len(value) > 200:  # the whole text of a licence, as old setuptools had it
        expression, confidence = text_expression(value)
        return [Declaration(name, value, (expression, confidence) if expression else None)]
    return [Declaration(name, value.strip(), declared(value))]


def _classifiers(values: Iterable[object]) -> list[Declaration]:
    found: list[Declaration] = []
    for value in values:
        if not isinstance(value, str) or not value.strip().startswith("License ::"):
            continue
        leaf = value.rpartition("::")[2].strip()
        if leaf in _VAGUE:
            found.append(Declaration("classifier", value.strip(), _VAGUE[leaf]))
        elif leaf in _CLASSIFIERS:
            answer = _CLASSIFIERS[leaf]
            if answer:
                found.append(Declaration("classifier", value.strip(), (answer, 0.85)))
        elif (read := declared(leaf)) is not None:
            found.append(Declaration("classifier", value.strip(), (read[0], 0.85)))
    return found


def _python(expression: object, license: object, classifiers: Iterable[object]) -> list[Declaration]:
    """Apply Python's precedence: a License-Expression settles it, else License, else the classifiers."""
    if isinstance(expression, str) and (exact := _field("License-Expression", expression)) and exact[0].answer:
        return exact
    plain = _field("License", license)
    trove = _classifiers(classifiers)
    if plain and plain[0].answer and (plain[0].answer[1] >= 0.8 or not trove):
        known = [d for d in trove if d.answer and d.answer[1] >= 0.8]
        return plain + (known if len(known) == 1 else [])
    return trove or plain


def _headers(text: str) -> dict[str, list[str]]:
    """Return the fields of an e-mail style header, names in lower case; a blank line ends it."""
    fields: dict[str, list[str]] = {}
    last: list[str] | None = None
    for line in text.splitlines():
        if not line.strip():
            break
        if line[0] in " \t" and last is not None:
            last[-1] += "\n" + line.strip()
        elif (match := re.match(r"([A-Za-z][\w-]{0,60}):[ \t]*(.*)", line)) is not None:
            last = fields.setdefault(match[1].lower(), [])
            last.append(match[2])
        else:
            last = None
    return fields


def _pkg_info(text: str) -> list[Declaration]:
    fields = _headers(text)
    first = {k: v[0] for k, v in fields.items()}
    return _python(first.get("license-expression"), first.get("license"), fields.get("classifier", []))


def _json(text: str) -> list[Declaration]:
    record = json.loads(text)
    if not isinstance(record, dict):
        raise MetadataError("not an object")
    value = record.get("license", record.get("licenses", record.get("licence")))
    return _listed(value)


def _listed(value: object) -> list[Declaration]:
    """Read a string, an object with `type` or `name`, or a list of them, which offers a choice."""
    if isinstance(value, list):
        parts = [d for v in value[:20] for d in _listed(v)]
        if len(parts) > 1 and all(p.answer for p in parts):
            known = [p.answer for p in parts if p.answer]
            choice = join([e for e, _ in known], "OR")
            return [Declaration("license", parts[0].value, (choice, min(c for _, c in known)))]
        return parts
    if isinstance(value, dict):
        inner = value.get("type", value.get("name", value.get("@id", value.get("url"))))
        return _listed(inner) if not isinstance(inner, dict) else []
    if isinstance(value, str) and "spdx.org/licenses/" in value:
        value = value.rpartition("/")[2].removesuffix(".html")
    return _field("license", value)


def _toml(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def _cargo(text: str) -> list[Declaration]:
    record = _toml(text)
    package = record.get("package") or record.get("workspace", {}).get("package") or {}
    return _field("license", package.get("license"))


def _pyproject(text: str) -> list[Declaration]:
    record = _toml(text)
    project = record.get("project") or {}
    value = project.get("license")
    if isinstance(value, dict):
        value = value.get("text")
        found = _python(None, value, project.get("classifiers") or [])
    else:
        found = _python(value, None, project.get("classifiers") or [])
    if not found:
        poetry = (record.get("tool") or {}).get("poetry") or {}
        found = _python(None, poetry.get("license"), poetry.get("classifiers") or [])
    return found


def _setup_cfg(text: str) -> list[Declaration]:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    if not parser.has_section("metadata"):
        return []
    section = parser["metadata"]
    value = section.get("license", section.get("licence"))
    classifiers = (section.get("classifiers") or section.get("classifier") or "").splitlines()
    return _python(None, value, classifiers)


def _pattern(field: str, pattern: str) -> Callable[[str], list[Declaration]]:
    compiled = re.compile(pattern, re.MULTILINE | re.IGNORECASE)

    def read(text: str) -> list[Declaration]:
        for match in compiled.finditer(text):
            value = next((g for g in match.groups() if g), "")
            return _field(field, value)
        return []

    return read


_STRINGS: Final = re.compile(r"[\"']([^\"'\n]{1,100})[\"']")


def _listing(pattern: str) -> Callable[[str], list[Declaration]]:
    """Read `name = "MIT"` or `name = ["MIT", "Ruby"]`, a choice."""
    compiled = re.compile(pattern, re.MULTILINE)

    def read(text: str) -> list[Declaration]:
        match = compiled.search(text)
        return _listed([s[:100] for s in _STRINGS.findall(match[1])]) if match else []

    return read


_SETUP_LICENSE: Final = re.compile(r"\blicen[sc]e\s*=\s*[rub]?(?:\"([^\"\n]{1,200})\"|'([^'\n]{1,200})')")
_SETUP_CLASSIFIER: Final = re.compile(r"[\"'](License :: [^\"'\n]{1,120})[\"']")


def _setup_py(text: str) -> list[Declaration]:
    match = _SETUP_LICENSE.search(text)
    return _python(None, (match[1] or match[2]) if match else None, _SETUP_CLASSIFIER.findall(text))


def _r_description(text: str) -> list[Declaration]:
    value = (_headers(text).get("license") or [""])[0].replace("\n", " ")
    parts: list[str] = []
    for part in value.split("|"):
        clean = re.sub(r"\+?\s*file\s+LICEN[CS]E", "", part, flags=re.IGNORECASE).strip()
        clean = re.sub(r"\(\s*>=\s*([\d.]+)\s*\)", r"\1 or later", clean)
        clean = re.sub(r"\(\s*==?\s*([\d.]+)\s*\)", r"\1", clean)
        if re.fullmatch(r"BSD_(\d)_clause", clean):
            clean = f"BSD-{clean[4]}-Clause"
        if clean:
            parts.append(re.sub(r"^(L?GPL|AGPL)-(\d(?:\.\d)?)$", r"\1 \2 only", clean))
    answers = [declared(p) for p in parts]
    if not parts or not all(answers):
        return [Declaration("License", value, None)] if parts else []
    known = [a for a in answers if a]
    return [Declaration("License", value, (join([a for a, _ in known], "OR"), min(c for _, c in known)))]


_POM: Final = re.compile(r"<licenses>(.{0,4000}?)</licenses>", re.DOTALL)
_POM_NAME: Final = re.compile(r"<license>.{0,500}?<name>\s*([^<]{1,200}?)\s*</name>", re.DOTALL)


def _pom(text: str) -> list[Declaration]:
    match = _POM.search(text)
    return _listed(_POM_NAME.findall(match[1])) if match else []


def _yaml(text: str) -> list[Declaration]:
    # Only the top-level key is wanted: aliases and nested structure of hostile files are never built.
    match = re.search(r"^license:[ \t]*(.*(?:\n(?:[ \t]+|-)[^\n]*){0,20})", text, re.MULTILINE | re.IGNORECASE)
    if match is None:
        return []
    value = yaml.safe_load("license: " + match[1]) if "&" not in match[1] and "*" not in match[1] else None
    return _listed(value.get("license")) if isinstance(value, dict) else []


def _spec(text: str) -> list[Declaration]:
    found: list[Declaration] = []
    for match in list(re.finditer(r"^License:[ \t]*(.{1,200})$", text, re.MULTILINE | re.IGNORECASE))[:1]:
        found += _field("License", match[1].strip())
    return found


_READERS: Final[dict[str, Callable[[str], list[Declaration]]]] = {
    "pkg-info": _pkg_info, "metadata": _pkg_info, "package.json": _json, "composer.json": _json, "bower.json": _json,
    "haxelib.json": _json, "elm.json": _json, "dub.json": _json, "meta.json": _json, "codemeta.json": _json,
    "cargo.toml": _cargo, "pyproject.toml": _pyproject, "setup.cfg": _setup_cfg, "setup.py": _setup_py,
    "description": _r_description, "pom.xml": _pom, "meta.yml": _yaml, "meta.yaml": _yaml, "shard.yml": _yaml,
    "citation.cff": _yaml, "opam": _listing(r"^license:\s*(\[[^\]]{0,400}\]|\"[^\"\n]{1,200}\")"),
    "mix.exs": _listing(r"\blicenses:\s*(\[[^\]]{0,400}\])"),
}  # fmt: skip
_BY_SUFFIX: Final = (
    (".gemspec", _listing(r"\.licenses?\s*=\s*(\[[^\]]{0,400}\]|[\"'][^\"'\n]{1,100}[\"'])")),
    (".podspec", _listing(r"\.license\s*=\s*([\"'][^\"'\n]{1,100}[\"']|\{[^}]{0,400}\})")),
    (".cabal", _pattern("license", r"^[ \t]*license:[ \t]*(.{1,100})$")),
    (".opam", _READERS["opam"]),
    (".nuspec", _pattern("license", r"<license type=\"expression\">([^<]{1,200})</license>")),
    (".rockspec", _pattern("license", r"\blicense\s*=\s*[\"']([^\"'\n]{1,100})[\"']")),
    (".spec", _spec),
)

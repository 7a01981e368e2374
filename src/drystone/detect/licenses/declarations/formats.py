"""Formats of package metadata with a grammar: Python's, npm's, Cargo's, R's, Maven's, YAML and the like.

Runs no code and resolves no files. Each reader takes the text of a file and returns its declarations.
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterable
from typing import Final

import yaml

from drystone.detect.licenses.annotation import LicenseState
from drystone.detect.licenses.declarations.values import Declaration, granted, listed, points, read_value
from drystone.detect.licenses.matching.names import declared
from drystone.detect.licenses.matching.scan import join

Reader = Callable[[str], list[Declaration]]

#: Classifiers of the Python Package Index. None says nothing by itself.
_CLASSIFIERS: Final[dict[str, str | LicenseState | None]] = {
    "OSI Approved": None, "DFSG approved": None,
    "Freely Distributable": LicenseState.NOT_UNDERSTOOD, "Freeware": LicenseState.NOT_UNDERSTOOD,
    "Free For Home Use": LicenseState.DENIED, "Free For Educational Use": LicenseState.DENIED,
    "Free for non-commercial use": LicenseState.DENIED, "Other/Proprietary License": LicenseState.DENIED,
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
}  # fmt: skip
#: Classifiers that leave open which licence is meant.
_VAGUE: Final = {
    "BSD License": ("BSD-3-Clause", 0.6),
    "Apache Software License": ("Apache-2.0", 0.8),
    "Artistic License": ("Artistic-1.0", 0.6),
    "Academic Free License (AFL)": ("AFL-3.0", 0.6),
}


class MetadataError(ValueError):
    """A metadata file that its own format's reader refuses."""


def _classifiers(values: Iterable[object]) -> list[Declaration]:
    found: list[Declaration] = []
    for value in values:
        if not isinstance(value, str) or not value.strip().startswith("License ::"):
            continue
        plain = value.strip()
        leaf = plain.rpartition("::")[2].strip()
        said = _CLASSIFIERS.get(leaf, "")
        if leaf in _VAGUE:
            found.append(granted("classifier", plain, *_VAGUE[leaf]))
        elif isinstance(said, LicenseState):
            found.append(Declaration("classifier", plain, said))
        elif said:
            found.append(granted("classifier", plain, said, 0.85))
        elif said is not None:
            read = declared(leaf)
            state = LicenseState.NOT_UNDERSTOOD
            found.append(
                granted("classifier", plain, read[0], 0.85) if read else Declaration("classifier", plain, state)
            )
    return found


def python(expression: object, license: object, classifiers: Iterable[object]) -> list[Declaration]:
    """Apply Python's precedence: a License-Expression settles it, else License, else the classifiers.

    What denies is heard wherever it stands.
    """
    exact = read_value("License-Expression", expression)
    if exact and exact[0].answer:
        return exact
    plain, trove = exact or read_value("License", license), _classifiers(classifiers)
    denied = [d for d in (*plain, *trove) if d.state is LicenseState.DENIED]
    if denied:
        return denied
    known = [d for d in trove if d.answer]
    if plain and plain[0].answer and (plain[0].answer[1] >= 0.8 or not known):
        sure = [d for d in known if d.answer and d.answer[1] >= 0.8]
        return plain + (sure if len(sure) == 1 else [])
    return known or [*plain, *trove]


def _headers(text: str) -> dict[str, list[str]]:
    """Return the fields of an e-mail style header, names in lower case; an empty line ends it, not one of spaces."""
    fields: dict[str, list[str]] = {}
    last: list[str] | None = None
    for line in text.splitlines():
        if not line or (last is None and not line.strip()):
            break
        if line[0] in " \t" and last is not None:
            last[-1] += "\n" + line.strip()
        elif (match := re.match(r"([A-Za-z][\w-]{0,60}):[ \t]*(.*)", line)) is not None:
            last = fields.setdefault(match[1].lower(), [])
            last.append(match[2])
        else:
            last = None
    return fields


def pkg_info(text: str) -> list[Declaration]:
    """Read a PKG-INFO or METADATA file (Core metadata)."""
    fields = _headers(text)
    first = {k: v[0] for k, v in fields.items()}
    # "None" is how a program writes that nobody said anything; who means that there is none writes it otherwise.
    said = first.get("license") if first.get("license", "").strip() != "None" else None
    return python(first.get("license-expression"), said, fields.get("classifier", []))


def json_object(text: str) -> list[Declaration]:
    """Read the field `license` (or `licenses`) of a JSON object, whatever package manager it is of."""
    record = json.loads(text)
    if not isinstance(record, dict):
        raise MetadataError("not an object")
    value = record.get("license", record.get("licenses", record.get("licence")))
    return listed("license", value)


def cargo(text: str) -> list[Declaration]:
    """Read a Cargo.toml: `license`, or else `license-file`."""
    record = tomllib.loads(text)
    package = record.get("package") or record.get("workspace", {}).get("package") or {}
    return read_value("license", package.get("license")) or points("license-file", package.get("license-file"))


def pyproject(text: str) -> list[Declaration]:
    """Read a pyproject.toml: the project table, or else Poetry's and Flit's."""
    record = tomllib.loads(text)
    project = record.get("project") or {}
    value = project.get("license")
    classifiers = project.get("classifiers") or []
    if isinstance(value, dict):
        found = python(None, value.get("text"), classifiers) or points("license", value.get("file"))
    else:
        found = python(value, None, classifiers)
    tools = record.get("tool") or {}
    for tool in (tools.get("poetry") or {}, (tools.get("flit") or {}).get("metadata") or {}):
        found = found or python(None, tool.get("license"), tool.get("classifiers") or [])
    return found


def toml_table(*tables: str) -> Reader:
    """Return a reader of `license` in the first of some tables of a TOML file that has it."""

    def read(text: str) -> list[Declaration]:
        record = tomllib.loads(text)
        for table in tables:
            if found := read_value("license", (record.get(table) or {}).get("license")):
                return found
        return []

    return read


def setup_cfg(text: str) -> list[Declaration]:
    """Read the section `metadata` of a setup.cfg."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    if not parser.has_section("metadata"):
        return []
    section = parser["metadata"]
    value = section.get("license", section.get("licence"))
    classifiers = (section.get("classifiers") or section.get("classifier") or "").splitlines()
    return python(None, value, classifiers)


_SETUP_LICENSE: Final = re.compile(
    r"(?:\blicen[sc]e\s*=|[\"']licen[sc]e[\"']\s*:|\[[\"']licen[sc]e[\"']\]\s*=)\s*[rub]?"
    r"(?:\"([^\"\n]{1,200})\"|'([^'\n]{1,200})')"
)
_SETUP_CLASSIFIER: Final = re.compile(r"[\"'](License :: [^\"'\n]{1,120})[\"']")


def setup_py(text: str) -> list[Declaration]:
    """Read a setup.py as text: `license=...` or a dictionary's `'license': ...`, and the classifiers."""
    match = _SETUP_LICENSE.search(text)
    return python(None, (match[1] or match[2]) if match else None, _SETUP_CLASSIFIER.findall(text))


def r_description(text: str) -> list[Declaration]:
    """Read the field License of an R package's DESCRIPTION: a choice between parts, each of which may be a file."""
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
    named = re.search(r"file\s+(LICEN[CS]E\S*)", value, re.IGNORECASE)
    if not parts:
        return points("License", named[1] if named else None)
    answers = [declared(p) for p in parts]
    if not all(answers):
        return read_value("License", value)
    known = [a for a in answers if a]
    return [granted("License", value, join([a for a, _ in known], "OR"), min(c for _, c in known))]


_POM: Final = re.compile(r"<licenses>(.{0,4000}?)</licenses>", re.DOTALL)
_POM_LICENSE: Final = re.compile(r"<license>(.{0,1000}?)</license>", re.DOTALL)
_POM_FIELD: Final = re.compile(r"<(name|url)>\s*([^<]{1,200}?)\s*</")


def pom(text: str) -> list[Declaration]:
    """Read the licences of a Maven POM by name, or by URL where the name says nothing known."""
    match = _POM.search(text)
    found: list[Declaration] = []
    for each in _POM_LICENSE.findall(match[1])[:20] if match else ():
        read = [d for _, value in sorted(_POM_FIELD.findall(each)) for d in read_value("license", value)]
        found += next(([d] for d in read if d.state is LicenseState.GRANTED), read[:1])
    known = [d.answer for d in found if d.answer]
    if len(found) > 1 and len(known) == len(found):
        return [granted("license", found[0].value, join([e for e, _ in known], "OR"), min(c for _, c in known))]
    return found


def yaml_key(*keys: str, operator: str = "OR") -> Reader:
    """Return a reader of top-level keys of a YAML file; those that end in `file` name the licence's file."""
    pattern = re.compile(
        rf"^({'|'.join(keys)}):[ \t]*(.*(?:\n(?:[ \t]+|-)[^\n]*){{0,20}})", re.MULTILINE | re.IGNORECASE
    )

    def read(text: str) -> list[Declaration]:
        # Only these keys are wanted: aliases and nested structure of hostile files are never built.
        for match in list(pattern.finditer(text))[:4]:
            value = yaml.safe_load("license: " + match[2]) if "&" not in match[2] and "*" not in match[2] else None
            said = value.get("license") if isinstance(value, dict) else None
            reads = points if match[1].lower().endswith("file") else None
            found = reads(match[1], said) if reads else listed("license", said, operator)
            if found:
                return found
        return []

    return read

"""Build scripts and recipes that declare a licence in code of some language, found by pattern; none of it is run."""

from __future__ import annotations

import re
from typing import Final

from drystone.detect.licenses.declarations.formats import Reader
from drystone.detect.licenses.declarations.values import Declaration, listed, points, read_value, strings

_QUOTED: Final = r"[\"'][^\"'\n]{1,200}[\"']"


def field(pattern: str, name: str = "license") -> Reader:
    """Return a reader of the first match of a pattern: its first group that matched is the value."""
    compiled = re.compile(pattern, re.MULTILINE | re.IGNORECASE)

    def read(text: str) -> list[Declaration]:
        match = compiled.search(text)
        return read_value(name, next((g for g in match.groups() if g), "")) if match else []

    return read


def listing(pattern: str, operator: str = "OR") -> Reader:
    """Read `name = "MIT"` or `name = ["MIT", "Ruby"]`, a choice, or with `AND` what holds together."""
    compiled = re.compile(pattern, re.MULTILINE)

    def read(text: str) -> list[Declaration]:
        match = compiled.search(text)
        return listed("license", list(strings(match[1])), operator) if match else []

    return read


def named_file(pattern: str, name: str) -> Reader:
    """Return a reader of a pattern whose group is the name of the licence's file."""
    compiled = re.compile(pattern, re.MULTILINE | re.IGNORECASE)

    def read(text: str) -> list[Declaration]:
        match = compiled.search(text)
        return points(name, match[1]) if match else []

    return read


def first(*readers: Reader) -> Reader:
    """Return a reader that takes the first of some that finds anything."""

    def read(text: str) -> list[Declaration]:
        return next((found for reader in readers if (found := reader(text))), [])

    return read


_BLOCK: Final = re.compile(r"\blicenses?\s*\{(.{0,2000})", re.DOTALL)
_NAME: Final = re.compile(r"\bname(?:\.set\(|\s*=\s*|\s+)\s*[\"']([^\"'\n]{1,200})[\"']")


def _gradle(text: str) -> list[Declaration]:
    """Read the POM that Gradle writes: `licenses { license { name = 'MIT' } }`, in Groovy or Kotlin."""
    for match in _BLOCK.finditer(text):
        if names := _NAME.findall(match[1][: _closing(match[1])])[:20]:
            return listed("license", names)
    return []


def _closing(text: str) -> int:
    depth = 1
    for at, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if depth == 0:
            return at
    return len(text)


GRADLE: Final = first(_gradle, listing(r"^\s*licenses\s*=\s*(\[[^\]]{0,400}\])"))
MSBUILD: Final = first(
    field(r"<PackageLicenseExpression>([^<]{1,200})</"),
    named_file(r"<PackageLicenseFile>([^<]{1,200})</", "PackageLicenseFile"),
    field(r"<PackageLicenseUrl>([^<]{1,200})</"),
)
NUSPEC: Final = first(
    field(r"<license type=\"expression\">([^<]{1,200})</license>"),
    named_file(r"<license type=\"file\">([^<]{1,200})</license>", "license"),
    field(r"<licenseUrl>([^<]{1,200})</licenseUrl>"),
)
CABAL: Final = first(
    field(r"^[ \t]*license:[ \t]*(.{1,100})$"), named_file(r"^[ \t]*license-file:[ \t]*(.{1,100})$", "license-file")
)
GEMSPEC: Final = listing(rf"\.licenses?\s*=\s*(\[[^\]]{{0,400}}\]|%w\[[^\]]{{0,400}}\]|{_QUOTED})")
PODSPEC: Final = first(
    listing(rf"\.license\s*=\s*({_QUOTED})"),
    field(r"\.license\s*=\s*\{[^}]{0,400}?:?type[\"']?\s*(?:=>|:)\s*[\"']([^\"'\n]{1,100})[\"']"),
    named_file(r"\.license\s*=\s*\{[^}]{0,400}?:?file[\"']?\s*(?:=>|:)\s*[\"']([^\"'\n]{1,100})[\"']", "license"),
)
OPAM: Final = listing(r"^license:\s*(\[[^\]]{0,400}\]|\"[^\"\n]{1,200}\")")
MESON: Final = first(
    listing(rf"\blicense\s*:\s*(\[[^\]]{{0,400}}\]|{_QUOTED})", "AND"),
    named_file(r"\blicense_files\s*:\s*\[?\s*[\"']([^\"'\n]{1,200})[\"']", "license_files"),
)
PKGBUILD: Final = first(
    listing(r"^[ \t]*license=(\([^)]{0,400}\))", "AND"), field(r"^[ \t]*license=\(?[\"']?([^\"'()\n]{1,200})[\"']?\)?")
)
EBUILD: Final = field(r"^LICENSE[ \t]*\??=[ \t]*[\"']([^\"'\n]{1,200})[\"']")
MIX: Final = listing(r"\blicenses:\s*(\[[^\]]{0,400}\])")
ERLANG: Final = listing(r"\{\s*licenses\s*,\s*(\[[^\]]{0,400}\])")
SBT: Final = field(r"\blicenses?\s*(?:\+=|:=|\+\+=)[^\"\n]{0,60}\"([^\"\n]{1,100})\"")
LEIN: Final = field(r":license\s*\{[^}]{0,200}?:name\s+\"([^\"\n]{1,100})\"")
PERL: Final = field(r"^\s*[\"']?license[\"']?\s*(?:=>|\()\s*[\"']([^\"'\n]{1,100})[\"']")
DIST_INI: Final = field(r"^license[ \t]*=[ \t]*(.{1,100})$")
ASSIGNED: Final = field(r"^[ \t]*license[ \t]*[:=][ \t]*[\"']([^\"'\n]{1,200})[\"']")
XML_TAG: Final = field(r"<license(?:\s[^>\n]{0,200})?>\s*([^<]{1,200}?)\s*</license>")
APPDATA: Final = field(r"<project_license>\s*([^<]{1,200}?)\s*</project_license>")
SPEC: Final = field(r"^License:[ \t]*(.{1,200})$", "License")
SEXP: Final = field(r"\(\s*(?:define\s+)?license\s+[\"'`(]*([\w.+ -]{1,100})[\"')]*\)")

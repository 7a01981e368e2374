"""Licences that package metadata declares: which reader reads which file, and what its declarations come to.

Damaged metadata gives a note, never an exception. Knows nothing of licence texts and of other files.
"""

from __future__ import annotations

import configparser
import hashlib
import re
from typing import Final

import yaml

from drystone.detect.licenses.annotation import Evidence, LicenseAnnotation, LicenseState
from drystone.detect.licenses.declarations import formats, recipes
from drystone.detect.licenses.declarations.formats import MetadataError, Reader
from drystone.detect.licenses.declarations.values import Declaration, read_value
from drystone.detect.licenses.matching.scan import join

#: Metadata files are read up to this size, in bytes.
MAX_BYTES: Final = 1 << 20

_LICENSE_YAML: Final = formats.yaml_key("license", "licence", "license[_-]file")
_READERS: Final[dict[str, Reader]] = {
    **dict.fromkeys(("pkg-info", "metadata"), formats.pkg_info),
    **dict.fromkeys(
        ("package.json", "composer.json", "bower.json", "haxelib.json", "elm.json", "dub.json", "meta.json",
         "codemeta.json", "vcpkg.json", "deno.json", "jsr.json"), formats.json_object),
    "cargo.toml": formats.cargo, "pyproject.toml": formats.pyproject, "setup.cfg": formats.setup_cfg,
    "setup.py": formats.setup_py, "description": formats.r_description, "pom.xml": formats.pom,
    **dict.fromkeys(("typst.toml", "wally.toml"), formats.toml_table("package")),
    "pixi.toml": formats.toml_table("project", "workspace", "package"),
    **dict.fromkeys(
        ("meta.yml", "meta.yaml", "shard.yml", "citation.cff", "snapcraft.yaml", "package.yaml"), _LICENSE_YAML),
    "galaxy.yml": formats.yaml_key("license", "license_file", operator="AND"),
    "opam": recipes.OPAM, "mix.exs": recipes.MIX, "meson.build": recipes.MESON, "rebar.config": recipes.ERLANG,
    **dict.fromkeys(("pkgbuild", "apkbuild"), recipes.PKGBUILD),
    **dict.fromkeys(("build.gradle", "build.gradle.kts"), recipes.GRADLE),
    "build.sbt": recipes.SBT, "project.clj": recipes.LEIN, **dict.fromkeys(("makefile.pl", "build.pl"), recipes.PERL),
    "dist.ini": recipes.DIST_INI, "conanfile.py": recipes.ASSIGNED, "v.mod": recipes.ASSIGNED,
    "package.xml": recipes.XML_TAG, "dune-project": recipes.SEXP, "info.rkt": recipes.SEXP,
    "directory.build.props": recipes.MSBUILD,
}  # fmt: skip
_BY_SUFFIX: Final[tuple[tuple[str, Reader], ...]] = (
    (".gemspec", recipes.GEMSPEC), (".podspec", recipes.PODSPEC), (".cabal", recipes.CABAL), (".opam", recipes.OPAM),
    (".nuspec", recipes.NUSPEC), (".rockspec", recipes.field(r"\blicense\s*=\s*[\"']([^\"'\n]{1,100})[\"']")),
    (".spec", recipes.SPEC), (".ebuild", recipes.EBUILD), (".nimble", recipes.ASSIGNED), (".app.src", recipes.ERLANG),
    (".metainfo.xml", recipes.APPDATA), (".appdata.xml", recipes.APPDATA),
    *((suffix, recipes.MSBUILD) for suffix in (".csproj", ".fsproj", ".vbproj")),
)  # fmt: skip
#: Names of metadata files in lower case, and what others end in.
NAMES: Final = frozenset(_READERS)
SUFFIXES: Final = tuple(suffix for suffix, _ in _BY_SUFFIX)

_DAMAGE: Final = (
    MetadataError,
    ValueError,
    RecursionError,
    configparser.Error,
    yaml.YAMLError,
    TypeError,
    AttributeError,
)
#: What a file says of its licence that its format's reader refuses.
_IN_DAMAGE: Final = re.compile(r"[\"']?\blicen[sc]e[\"']?\s*[:=]\s*[\"']([^\"'\n]{1,200})[\"']", re.IGNORECASE)


def find_declarations(data: bytes, path: str) -> LicenseAnnotation:
    """Return what a metadata file named `path` declares; its first MiB is read.

    What denies is stronger than what grants beside it; what is not understood counts where nothing else is granted.
    """
    name = path.rpartition("/")[2].lower()
    notes: list[str] = []
    if len(data) > MAX_BYTES:
        data, notes = data[:MAX_BYTES], ["truncated"]
    text = data.decode("utf-8-sig", "replace")
    try:
        said = _reader(name)(text)
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        notes.append(f"broken metadata: {reason}")
        match = _IN_DAMAGE.search(text)
        said = read_value("license", match[1]) if match else []
    return _annotation(text, data, said, notes)


def _annotation(text: str, data: bytes, said: list[Declaration], notes: list[str]) -> LicenseAnnotation:
    denied = [d for d in said if d.state is LicenseState.DENIED]
    given = [d for d in said if d.answer]
    unread = [d for d in said if d.state is LicenseState.NOT_UNDERSTOOD]
    notes += [f"unread declaration: {' '.join(d.value.split())[:80]}" for d in unread]
    findings = [Evidence(d.answer[0], *_lines(text, d), d.field, d.answer[1]) for d in given if d.answer]
    expression = _expression(findings) if not denied else None
    lost = unread if not denied and not given else []
    grounds = [Evidence("", *_lines(text, d), f"denied:{d.field}", 0.9) for d in denied]
    grounds += [Evidence("", *_lines(text, d), f"unread:{d.field}", 0.5) for d in lost]
    return LicenseAnnotation(
        expression=expression,
        kind="metadata",
        evidence=(*grounds, *findings),
        conflict=_conflict(findings),
        unanswered=bool(denied or lost),
        denied=bool(denied),
        text_sha256=hashlib.sha256(data).hexdigest(),
        notes=tuple(notes),
        points_to=tuple(d.points_to for d in said if d.points_to is not None) if expression is None else (),
    )


def _reader(name: str) -> Reader:
    if name in _READERS:
        return _READERS[name]
    return next((reader for suffix, reader in _BY_SUFFIX if name.endswith(suffix)), lambda _text: [])


def _lines(text: str, said: Declaration) -> tuple[int, int]:
    place = text.find(said.value.splitlines()[0].strip()) if said.value.strip() else -1
    line = text.count("\n", 0, place) + 1 if place >= 0 else 1
    return line, line


def _expression(findings: list[Evidence]) -> str | None:
    if not findings:
        return None
    best = max(e.confidence for e in findings)
    return join([e.expression for e in findings if e.confidence >= min(best, 0.8)], "AND")


def _conflict(findings: list[Evidence]) -> str | None:
    """Say where two confident declarations of one file name different licences."""
    sure = list(dict.fromkeys(e.expression for e in findings if e.confidence >= 0.8))
    if len(sure) < 2:
        return None
    names = [set(re.findall(r"[\w.+-]+", re.sub(r"-only|-or-later", "", e))) - {"OR", "AND", "WITH"} for e in sure]
    if all(a <= b or b <= a for a in names for b in names):
        return None
    return "declarations differ: " + "; ".join(sure)

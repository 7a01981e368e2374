"""Which paths may hold a repository's licence: texts, READMEs, notices, package metadata, REUSE and Debian files.

Looks at names only. `is_license_file` is asked for every path of an archive, so it begins with the cheapest question.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

FileKind = Literal["text", "metadata", "readme", "notice", "tag", "reuse", "debian"]

#: The Stack v2's pattern for file names (bigcode-project, license detection of the-stack-v2), case ignored.
STACK_V2_PATTERN: Final = (
    r"^(|.*[-_. ])(li[cs]en[cs]e(s?)|legal|copy(left|right|ing)|unlicense|[al]?gpl([-_ v]?)(\d\.?\d?)?|bsd(l?)|mit(x?)|"
    r"apache|artistic|copying(v?)(\d?)|disclaimer|eupl|gfdl|[cm]pl|cc0|al([-_ v]?)(\d\.?\d)?|about|notice|readme|"
    r"guidelines)"
    r"(|[-_. ].*)$"
)
_NAME: Final = re.compile(STACK_V2_PATTERN, re.IGNORECASE)
#: Names that are licences and nothing else.
_TERMS: Final = re.compile(r"(?:^|[-_. ])(?:li[cs]en[cs]es?|copying|copyright|copyleft|eula|unlicense)(?:[-_. ]|$)")
#: Folders that hold licence texts and nothing else: LICENSES/ as REUSE has it, LICENSE/, licenses/.
_FOLDER: Final = re.compile(r"(?:^|/)(?:LICEN[CS]ES?|[Ll]icen[cs]es|COPYING)/[^/]+$")
#: Pages of a folder of documentation: the small names of pages, and lists, whose names are in the plural.
_PAGE: Final = re.compile(
    r"(?:^|/)(?:docs?|documentation|manual|website|site|pages|guides?)/(?:[^/]+/)*"
    r"(?:[^/A-Z]+|[^/]*(?:LICEN[CS]ES|Licen[cs]es)[^/]*)\.(?:rst|md|mdx|markdown|adoc|asciidoc|html?|txt)$"
)
#: Every name that the pattern accepts contains one of these; a quick refusal for the rest.
_QUICK: Final = re.compile(
    r"li[cs]en[cs]e|legal|copy|eula|gpl|bsd|mit|apache|artistic|disclaimer|eupl|gfdl|[cm]pl|cc0|(?<![a-z])al|about|notice|readme|"
    r"guidelines",
    re.IGNORECASE,
)
#: Package metadata that declares a licence, by lower-case name.
METADATA: Final = frozenset(
    {
        "apkbuild", "bower.json", "build.gradle", "build.gradle.kts", "build.pl", "build.sbt", "cargo.toml",
        "citation.cff", "codemeta.json", "composer.json", "conanfile.py", "deno.json", "description",
        "directory.build.props", "dist.ini", "dub.json", "dune-project", "elm.json", "galaxy.yml",
        "haxelib.json", "info.rkt", "jsr.json", "makefile.pl", "meson.build", "meta.json", "meta.yaml",
        "meta.yml", "metadata", "mix.exs", "opam", "package.json", "package.xml", "package.yaml", "pixi.toml",
        "pkg-info", "pkgbuild", "pom.xml", "project.clj", "pyproject.toml", "rebar.config", "setup.cfg",
        "setup.py", "shard.yml", "snapcraft.yaml", "typst.toml", "v.mod", "vcpkg.json", "wally.toml",
    }
)  # fmt: skip
METADATA_SUFFIXES: Final = (
    ".gemspec", ".cabal", ".podspec", ".opam", ".nuspec", ".rockspec", ".spec", ".csproj", ".fsproj", ".vbproj",
    ".ebuild", ".nimble", ".app.src", ".metainfo.xml", ".appdata.xml",
)  # fmt: skip
#: Source files are read like source files even where a word of their name says otherwise (License.java, copy.c).
_SOURCE_SUFFIXES: Final = frozenset(
    [
        "c",
        "cc",
        "cpp",
        "cxx",
        "h",
        "hh",
        "hpp",
        "hxx",
        "m",
        "mm",
        "java",
        "kt",
        "kts",
        "scala",
        "cs",
        "fs",
        "vb",
        "go",
        "rs",
        "py",
        "pyi",
        "pyx",
        "rb",
        "pl",
        "pm",
        "php",
        "js",
        "jsx",
        "mjs",
        "cjs",
        "ts",
        "tsx",
        "vue",
        "svelte",
        "swift",
        "dart",
        "lua",
        "jl",
        "r",
        "hs",
        "ml",
        "mli",
        "erl",
        "ex",
        "exs",
        "clj",
        "cljs",
        "groovy",
        "sh",
        "bash",
        "zsh",
        "ps1",
        "sql",
        "asm",
        "s",
        "css",
        "scss",
        "less",
        "json",
        "xml",
        "yml",
        "yaml",
        "toml",
        "ini",
        "cfg",
        "csv",
        "tsv",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "ico",
        "woff",
        "woff2",
        "ttf",
        "pdf",
        "zip",
        "gz",
        "xz",
        "bz2",
        "jar",
        "class",
        "o",
        "so",
        "a",
        "dll",
        "exe",
        "po",
        "mo",
        "pot",
        "snap",
        "lock",
        "map",
        "ipynb",
        "proto",
        "thrift",
        "graphql",
        "properties",
        "gradle",
        "cmake",
        "mk",
        "in",
        "am",
        "ac",
    ]
)


def is_license_file(path: str) -> bool:
    """Whether the file at `path` ("/" between parts) may say under which licence files around it stand.

    The Stack v2's name pattern, the REUSE folder LICENSES/ with REUSE.toml, `.license` files and .reuse/dep5,
    debian/copyright, and package metadata files.
    """
    name = path.rpartition("/")[2]
    low = name.lower()
    if low in METADATA or low.endswith(METADATA_SUFFIXES):
        return True
    if low in {"reuse.toml", "dep5"} or low.endswith(".license"):
        return True
    if _QUICK.search(name) is not None and (_NAME.match(name) is not None or _TERMS.search(low) is not None):
        return not _is_page(path, name)
    return _FOLDER.search(path) is not None and low.rpartition(".")[2] not in _SOURCE_SUFFIXES


def _is_page(path: str, name: str) -> bool:
    """Whether a path is that of a page of documentation about licences (docs/licenses.rst), which grants nothing.

    A licence of the documentation itself is written in capitals, or without the suffix of a page.
    """
    return _PAGE.search(path) is not None and _TERMS.search(name.lower()) is not None


@lru_cache(maxsize=4096)
def _by_name(low: str) -> FileKind | None:
    if low in METADATA or low.endswith(METADATA_SUFFIXES):
        return "metadata"
    if low == "reuse.toml":
        return "reuse"
    if low == "dep5":
        return "debian"
    if low.endswith(".license"):
        return "tag"
    if re.search(r"readme|about|guidelines|legal|disclaimer", low):
        return "readme"
    if "notice" in low:
        return "notice"
    return None


def file_kind(path: str) -> FileKind:
    """Return how a licence file is to be read; "text" for everything that is not one of the special kinds."""
    folder, _, name = path.rpartition("/")
    if name == "copyright" and folder.rpartition("/")[2] == "debian":
        return "debian"
    kind = _by_name(name.lower())
    if kind == "tag" and name.lower() == ".license":
        return "text"
    return kind or "text"


def names_license(path: str) -> bool:
    """Whether a path has the name of a licence and of nothing else, or lies in a folder of licences.

    A name such as apache-httpd.rst, or bsd.mak, may be that of a licence or of something else.
    """
    name = path.rpartition("/")[2].lower()
    return _TERMS.search(name) is not None or _FOLDER.search(path) is not None


def names_license_text(path: str) -> bool:
    """Whether a path is that of a licence's text by its name: everybody has those, and they are nobody's work."""
    return is_license_file(path) and names_license(path) and not names_source_code(path)


def names_document(path: str) -> bool:
    """Whether a path is that of a document of its own format that is called a licence (LICENSE.pdf, EULA.docx)."""
    name, _, suffix = path.rpartition("/")[2].lower().rpartition(".")
    return suffix in {"pdf", "doc", "docx", "odt", "ps"} and _TERMS.search(name) is not None


def names_source_code(path: str) -> bool:
    """Whether a path ends like source code or data, so that a licence word in its name says nothing by itself."""
    return path.rpartition("/")[2].rpartition(".")[2].lower() in _SOURCE_SUFFIXES

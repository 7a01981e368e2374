"""What a path alone says about a file: vendored, documentation, test, configuration. Never looks at content.

Vendored and documentation follow Linguist's patterns; test and configuration are our own, for the conventions of the
languages' own tools.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final, NamedTuple

from drystone.detect.languages.tables import facts
from drystone.detect.patterns import PatternSet

_TEST: Final = (
    r"(?i)(^|/)(tests?|testing|__tests__|__mocks__|specs?|test[-_]?(data|suite|utils?|cases?|files?)|testsuite|"
    r"(unit|integration|functional|regression|smoke|e2e|system|acceptance)[-_]?tests?|e2e|fixtures?|cypress)/",
    r"(^|/)src/(test|androidTest|testFixtures|integrationTest|it)/",
    r"(^|/)t/([^/]+/)*[^/]+\.(t|pl|pm)$",
    r"(^|/)test_[^/]+\.(py|rb|c|cc|cpp|f90|jl|lua|sh|bats|nim|php|R|r|ml|zig|d)$",
    r"_(tests?|spec|unittest|test_helper)\.(py|go|rb|c|cc|cpp|cxx|h|hpp|dart|exs?|erl|rs|lua|clj[cs]?|cr|php|ts|js|ml|zig)$",
    r"[._-](test|spec|e2e|cy)\.([cm]?[jt]sx?|vue|coffee)$",
    r"[a-z0-9](Test|Tests|TestCase|Spec|Specs|IT|ITCase)\.(java|kts?|scala|groovy|cs|fs|vb|swift|php|mm?|hs|cpp|cc)$",
    r"(^|/)(Test[A-Z][^/]*)\.(java|kt|scala|groovy|cs)$",
    r"(^|/)(conftest\.py|testthat\.R|(spec|test)_helper\.(rb|exs)|phpunit\.xml(\.dist)?|jest\.(config|setup)\.[cm]?[jt]s)$",
    r"\.(bats|feature)$",
    r"(^|/)tests?\.(py|rb|c|cc|cpp|js|ts|rs|go|sh|lua|jl|hs|ml|pl|php|R|r|clj|exs|java|d|nim|zig)$",
)
_CONFIGURATION: Final = (
    r"(?i)\.(ini|cfg|conf|config|cnf|properties|toml|ya?ml|editorconfig|plist|desktop|service|socket|timer|rc|env|hcl|tfvars)$",
    r"(^|/)\.[^/]*(rc|ignore|attributes|modules|config|env|conf)(\.(json5?|ya?ml|toml|[cm]?[jt]s))?$",
    r"(^|/)\.env(\.[^/]+)?$",
    r"(^|/)\.(github|circleci|gitlab|vscode|idea|husky|cargo|config|devcontainer|travis)/",
    r"(^|/)(package|composer|bower|lerna|nx|turbo|deno|jsr|vercel|renovate|angular|project|manifest|biome)\.jsonc?$",
    r"(^|/)[tj]sconfig([.-][^/]+)?\.json$",
    r"(^|/)[^/]+\.config\.([cm]?[jt]s|json)$",
    r"(^|/)(\.eslintrc|\.prettierrc|\.babelrc|\.stylelintrc|\.swcrc)(\.[^/]+)?$",
    r"(^|/)(pom|build|ivy|settings|web|phpunit|nuget|Directory\.Build)\.(xml|props|targets|config)(\.dist)?$",
    r"(^|/)(requirements|constraints)([-_.][^/]+)?\.(txt|in)$",
    r"(^|/)(setup\.py|Pipfile|Gemfile|Rakefile|Podfile|Procfile|Vagrantfile|Brewfile|Cartfile|go\.(mod|sum|work)|"
    r"build\.gradle(\.kts)?|settings\.gradle(\.kts)?|mix\.exs|rebar\.config|Package\.swift|[^/]+\.gemspec|MANIFEST\.in|"
    r"(GNU)?[Mm]akefile(\.(in|am))?|CMakeLists\.txt|meson(_options)?\.(build|txt)|configure\.(ac|in)|BUILD(\.bazel)?|WORKSPACE(\.bazel)?|"
    r"Dockerfile(\.[^/]+)?|Containerfile|Jenkinsfile|CODEOWNERS|[^/]+\.(csproj|vbproj|fsproj|vcxproj|sln|cabal|nix))$",
)


class PathFlags(NamedTuple):
    """Flags of one path."""

    vendor: bool
    documentation: bool
    test: bool
    configuration: bool


@cache
def _set() -> tuple[PatternSet, tuple[int, ...]]:
    """Return all patterns in one set, and where documentation, test and configuration begin in it."""
    vendor, documentation = facts()["vendor"], facts()["documentation"]
    ends = (len(vendor), len(vendor) + len(documentation), len(vendor) + len(documentation) + len(_TEST))
    return PatternSet([*vendor, *documentation, *_TEST, *_CONFIGURATION], lines=False), ends


@lru_cache(maxsize=4096)
def path_flags(path: str) -> PathFlags:
    """Return what `path` ("/" between parts, relative to its repository's root, or with one leading slash) says."""
    patterns, (vendor, documentation, test) = _set()
    found = patterns.matching(path.removeprefix("/").encode("utf-8", "surrogateescape"))
    if not found:
        return _NONE
    return PathFlags(
        any(i < vendor for i in found),
        any(vendor <= i < documentation for i in found),
        any(documentation <= i < test for i in found),
        any(i >= test for i in found),
    )


_NONE: Final = PathFlags(False, False, False, False)


def paths_flags(paths: Iterable[str]) -> list[PathFlags]:
    """Return `path_flags` of each path."""
    return [path_flags(path) for path in paths]


def is_vendor(path: str) -> bool:
    """Return whether the file is a copy of someone else's work by its place (Linguist's `vendor.yml`)."""
    return path_flags(path).vendor


def is_documentation(path: str) -> bool:
    """Return whether the file is documentation by its place (Linguist's `documentation.yml`)."""
    return path_flags(path).documentation


def is_test(path: str) -> bool:
    """Return whether the file is a test, or data of one, by the naming conventions of test runners."""
    return path_flags(path).test


def is_configuration(path: str) -> bool:
    """Return whether the file sets up a tool, a build or a service by its name."""
    return path_flags(path).configuration

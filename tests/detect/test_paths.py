"""Flags of paths, against go-enry where it has the same rules, and against the conventions of test runners."""

import enry
import pytest

from drystone.detect.paths import (
    is_configuration,
    is_documentation,
    is_test,
    is_vendor,
    path_flags,
)

PATHS = [
    "src/main.c",
    "vendor/github.com/pkg/errors/errors.go",
    "node_modules/left-pad/index.js",
    "third_party/zlib/inflate.c",
    "static/jquery-3.7.1.min.js",
    "docs/index.md",
    "Documentation/api.txt",
    "README",
    "README.md",
    "examples/demo.py",
    "man/man1/ls.1",
    "CHANGELOG.md",
    "lib/CITATION.cff",
    "deps/http_parser/http_parser.c",
    "src/readme.py",
    "project/dist/bundle.js",
    "Godeps/_workspace/src/x.go",
    "configure",
    "config.guess",
    "gradlew",
    ".vscode/settings.json",
    "a/b/c/d.rb",
]


@pytest.mark.parametrize("path", PATHS)
def test_vendor_and_documentation_agree_with_enry(path: str) -> None:
    assert is_vendor(path) == enry.is_vendor(path)
    assert is_documentation(path) == enry.is_documentation(path)


def test_flags_of_installed_packages_agree_with_enry() -> None:
    from pathlib import Path

    root = Path(enry.__file__).parents[1]
    paths = [str(p.relative_to(root)) for p in sorted(root.rglob("*.*"))[::40]]
    assert len(paths) > 100
    assert [p for p in paths if is_vendor(p) != enry.is_vendor(p)] == []
    assert [p for p in paths if is_documentation(p) != enry.is_documentation(p)] == []


@pytest.mark.parametrize(
    "path",
    [
        "tests/test_api.py",
        "pkg/server_test.go",
        "spec/models/user_spec.rb",
        "src/test/java/org/x/FooTest.java",
        "app/button.test.tsx",
        "app/__tests__/button.js",
        "t/01-basic.t",
        "Tests/KitTests/ParserTests.swift",
        "test/parser_test.exs",
        "conftest.py",
        "crates/x/tests/cli.rs",
        "testdata/golden.txt",
    ],
)
def test_tests(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize(
    "path", ["src/contest.py", "latest/news.md", "protest.go", "attestation/key.rs", "src/tester.c"]
)
def test_words_that_hold_test_are_no_tests(path: str) -> None:
    assert not is_test(path)


@pytest.mark.parametrize(
    "path",
    [
        "setup.cfg", "pyproject.toml", ".github/workflows/ci.yml", "package.json", "tsconfig.build.json",
        ".eslintrc.js", "webpack.config.js", "Dockerfile", "a/Makefile", "CMakeLists.txt", "pom.xml",
        "requirements-dev.txt", "go.mod", ".gitignore", "app.properties",
    ],
)  # fmt: skip
def test_configuration(path: str) -> None:
    assert is_configuration(path)


@pytest.mark.parametrize("path", ["src/config.py", "data/records.json", "lib/settings.rb", "main.go"])
def test_sources_are_no_configuration(path: str) -> None:
    assert not is_configuration(path)


@pytest.mark.parametrize("path", PATHS)
def test_a_leading_slash_changes_nothing(path: str) -> None:
    assert path_flags("/" + path) == path_flags(path)


def test_odd_paths() -> None:
    for path in ["", "/", "a\nb/tests/x", "\udcff/vendor/x", "x" * 4000, "tests/" * 600]:
        assert len(path_flags(path)) == 4

"""What names allow."""

import pytest

from drystone.detect.languages.names import base_name, by_name, extension


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.py", ".py"), ("A.PY", ".py"), ("archive.tar.gz", ".gz"), ("page.html.erb", ".erb"), ("x.erb", ".erb"),
        (".bashrc", ".bashrc"), ("Makefile", ""), ("", ""), ("a.", "."), ("...", "."), ("x.CMAKE.IN", ".cmake.in"),
    ],
)  # fmt: skip
def test_extension(name: str, wanted: str) -> None:
    assert extension(name) == wanted


@pytest.mark.parametrize(
    ("name", "languages", "suffix"),
    [
        ("a.rs", ("RenderScript", "Rust", "XML"), ".rs"),
        ("CMakeLists.txt", ("CMake",), ""),
        ("page.html+django", ("Jinja",), ".html+django"),
        ("setup.py.in", ("Python",), ".py"),
        ("settings.ini.example", ("INI",), ".ini"),
        ("Makefile.orig", ("Makefile",), ""),
        ("walls.js.flow", ("JavaScript",), ".js"),
        ("Dockerfile.prod", ("Dockerfile",), ".prod"),
        ("Dockerfile-test", ("Dockerfile",), ""),
        ("Makefile.gcc", ("Makefile",), ".gcc"),
        ("Gemfile.lock", ("Gemfile.lock",), ""),
        ("Dockerfile.py", ("Python",), ".py"),
        ("Dockerfiles.prod", (), ".prod"),
        ("nothing.known", (), ".known"),
        ("nothing", (), ""),
        (".orig", (), ".orig"),
    ],
)
def test_by_name(name: str, languages: tuple[str, ...], suffix: str) -> None:
    assert by_name(name) == (languages, suffix)


def test_many_wrappings_take_linear_time() -> None:
    assert by_name("a" + ".orig" * 300)[0] == ()


def test_base_name() -> None:
    assert base_name("/a/b/c.py") == "c.py"
    assert base_name("c.py") == "c.py"
    assert base_name("a/") == ""

"""Which paths are licence files."""

import time

import pytest

from drystone.detect.licenses import LicenseState, detect_file, file_kind, is_license_file
from drystone.detect.licenses.paths import names_license


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("LICENSE", "text"), ("a/b/licence.md", "text"), ("COPYING.LESSER", "text"), ("MIT-LICENSE.txt", "text"),
        ("LICENSES/MIT.txt", "text"), ("x/LICENSES/Apache-2.0.txt", "text"), ("UNLICENSE", "text"),
        ("gpl-3.0.txt", "text"),
        ("README", "readme"), ("readme.rst", "readme"), ("NOTICE", "notice"), ("sub/package.json", "metadata"),
        ("Cargo.toml", "metadata"), ("x.gemspec", "metadata"), ("PKG-INFO", "metadata"),
        ("pkg.dist-info/METADATA", "metadata"),
        ("debian/copyright", "debian"), (".reuse/dep5", "debian"), ("REUSE.toml", "reuse"), ("logo.png.license", "tag"),
    ],
)  # fmt: skip
def test_licence_files(path: str, kind: str) -> None:
    assert is_license_file(path)
    assert file_kind(path) == kind


@pytest.mark.parametrize(
    "path", ["src/main.c", "a.py", "limits.h", "commit.go", "permit.rs", "licensing/x.py", "", "a/", "alpha.txt"]
)
def test_other_files(path: str) -> None:
    assert not is_license_file(path)


def test_millions_of_paths() -> None:
    paths = [f"src/module_{i}/component_{i}.py" for i in range(100_000)]
    start = time.process_time()
    assert not any(map(is_license_file, paths))
    assert time.process_time() - start < 1.5
    start = time.process_time()
    assert not is_license_file("a" * 4096 + "-" * 4096)
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("LICENSE", True), ("a/COPYING.LIB", True), ("LICENSE-MIT", True), ("Acme EULA.txt", True), ("COPYRIGHT", True),
        ("LICENSES/MIT.txt", True), ("LICENSE/terms.txt", True), ("docs/apache-httpd.rst", False), ("x-bsd.mak", False),
        ("mit.txt", False), ("about.html", False),
    ],
)  # fmt: skip
def test_names_of_licences_and_of_nothing_else(path: str, names: bool) -> None:
    assert names_license(path) is names


@pytest.mark.parametrize(
    ("path", "speaks"),
    [
        ("docs/licenses.rst", False), ("doc/user/license.md", False), ("site/LICENSES.md", False),
        ("docs/LICENSE", True), ("docs/LICENSE.md", True), ("licenses.rst", True), ("docs/licenses/MIT.txt", True),
        ("LICENSE/GPL.txt", True), ("src/license/index.txt", False), ("EULA.rtf", True), ("COPYING/gpl.txt", True),
    ],
)  # fmt: skip
def test_pages_about_licences_speak_for_no_folder(path: str, speaks: bool) -> None:
    assert is_license_file(path) is speaks


def test_a_name_that_may_be_anything_is_read_strictly() -> None:
    words = b"How to run the walls behind a server, with all rights reserved to its administrator and no warranty.\n"
    assert detect_file(words, "docs/apache-httpd.rst").state is LicenseState.ABSENT
    assert detect_file(words, "LICENSE").state is not LicenseState.ABSENT

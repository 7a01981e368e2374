"""Which paths are licence files."""

import time

import pytest

from drystone.detect.licenses import file_kind, is_license_file


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

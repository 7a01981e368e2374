"""From licence files to folders and files: AND, choices, nesting, patterns, and headers against folders."""

import pytest

from drystone.detect.licenses import Evidence, LicenseAnnotation, detect_file, file_license, tree_licenses
from drystone.detect.licenses.strictness import strictness


def said(expression: str | None, kind: str = "text", **more: object) -> LicenseAnnotation:
    evidence = (Evidence(expression, 1, 9, "test", 0.95),) if expression else ()
    return LicenseAnnotation(expression, kind, evidence, **more)  # type: ignore[arg-type]


def test_a_licence_speaks_for_everything_below() -> None:
    tree = tree_licenses([("LICENSE", said("MIT"), "swh:1:cnt:a")])
    found = tree("src/deep/er")
    assert found is not None
    assert found.expression == "MIT"
    assert (found.evidence[0].path, found.evidence[0].swhid) == ("LICENSE", "swh:1:cnt:a")
    assert tree_licenses([])("src") is None


def test_a_nested_licence_adds_or_replaces_by_rule() -> None:
    files = [("LICENSE", said("MIT"), "1"), ("/vendor/x/COPYING", said("GPL-2.0-only"), "2")]
    union, nearest = tree_licenses(files), tree_licenses(files, "nearest")
    assert union("vendor/x/y").expression == "MIT AND GPL-2.0-only"  # type: ignore[union-attr]
    assert nearest("vendor/x/y").expression == "GPL-2.0-only"  # type: ignore[union-attr]
    assert union("vendor").expression == nearest("vendor").expression == "MIT"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("metadata", "wanted", "conflict"),
    [
        (None, "Apache-2.0 AND MIT", False),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0", False),
        ("MIT", "Apache-2.0 AND MIT", False),
        ("GPL-3.0-only", "Apache-2.0 AND MIT AND GPL-3.0-only", True),
    ],
)
def test_files_of_one_folder(metadata: str | None, wanted: str, conflict: bool) -> None:
    files = [("LICENSE-MIT", said("MIT"), "1"), ("LICENSE-APACHE", said("Apache-2.0"), "2")]
    if metadata:
        files.append(("Cargo.toml", said(metadata, "metadata"), "3"))
    for order in (files, files[::-1]):
        found = tree_licenses(order)("")
        assert found is not None
        assert found.expression == wanted
        assert (found.conflict is not None) == conflict


def test_a_stricter_declaration_is_a_conflict_however_many_agree_on_a_permissive_licence() -> None:
    readme = ("README.md", said("GPL-3.0-only", "readme"), "2")
    texts = [("LICENSE", said("Apache-2.0"), "1"), ("package.json", said("Apache-2.0", "metadata"), "3")]
    for files in ([texts[0], readme], [*texts, readme]):
        found = tree_licenses(files)("")
        assert (found.expression, found.conflict is None) == ("Apache-2.0 AND GPL-3.0-only", False)  # type: ignore[union-attr]
    permissive = ("README.md", said("MIT", "readme"), "2")
    found = tree_licenses([*texts, permissive])("")
    assert (found.expression, found.conflict) == ("Apache-2.0", None)  # type: ignore[union-attr]


def test_or_later_in_metadata_refines_the_text() -> None:
    files = [("COPYING", said("GPL-2.0-only"), "1"), ("setup.py", said("GPL-2.0-or-later", "metadata"), "2")]
    assert tree_licenses(files)("").expression == "GPL-2.0-or-later"  # type: ignore[union-attr]


def test_licenses_folder_speaks_for_its_parent() -> None:
    tree = tree_licenses([("LICENSES/MIT.txt", said("MIT"), "1")])
    assert tree("src").expression == "MIT"  # type: ignore[union-attr]


def test_patterns_speak_for_files() -> None:
    text = b"Format: https://x\n\nFiles: *\nLicense: GPL-2+\n\nFiles: lib/*.c\nLicense: Expat\n"
    tree = tree_licenses([("debian/copyright", detect_file(text, "debian/copyright"), "s")])
    assert tree.by_file
    assert tree.file("lib/a.c").expression == "MIT"  # type: ignore[union-attr]
    assert tree.file("a.c").expression == "GPL-2.0-or-later"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("folder", "header", "wanted", "conflict"),
    [
        ("MIT", None, "MIT", False),
        (None, "MIT", "MIT", False),
        (None, None, None, False),
        ("MIT", "GPL-2.0-or-later", "GPL-2.0-or-later", True),
        ("GPL-3.0-only", "MIT", "MIT AND GPL-3.0-only", True),
        ("MIT OR Apache-2.0", "MIT", "MIT", False),
        ("MIT", "BSD-3-Clause", "BSD-3-Clause", True),
        ("GPL-2.0-only", "GPL-2.0-or-later", "GPL-2.0-or-later", False),
    ],
)
def test_a_header_against_its_folder(
    folder: str | None, header: str | None, wanted: str | None, conflict: bool
) -> None:
    found = file_license(
        said(folder, "tree") if folder else None, said(header, "header") if header else None, "a.c", "s"
    )
    assert (found.expression if found else None) == wanted
    assert (found is not None and found.conflict is not None) == conflict


def test_unanswered_texts_are_named_for_review() -> None:
    doubtful = said(None, unanswered=True, text_sha256="ab" * 32)
    found = tree_licenses([("LICENSE", doubtful, "1")])("src")
    assert found is not None
    assert found.expression is None
    assert found.review == ("ab" * 32,)


def test_deep_paths_do_not_recurse() -> None:
    tree = tree_licenses([("LICENSE", said("MIT"), "1")])
    assert tree("/".join(["d"] * 5000)).expression == "MIT"  # type: ignore[union-attr]


def test_strictness() -> None:
    order = ["MIT OR GPL-3.0-only", "MPL-2.0", "MIT AND GPL-2.0-only", "LicenseRef-x"]
    assert [strictness(e) for e in order] == [0, 1, 2, 3]

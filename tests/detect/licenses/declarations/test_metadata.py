"""Licences that package metadata declares."""

from __future__ import annotations

import pytest

from drystone.detect.licenses import LicenseAnnotation, LicenseState, detect_file, tree_licenses
from drystone.detect.licenses.declarations.metadata import NAMES, SUFFIXES
from drystone.detect.licenses.matching.references import facts
from drystone.detect.licenses.paths import METADATA, METADATA_SUFFIXES


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("package.json", '{"name": "x", "license": "(MIT OR Apache-2.0)"}', "MIT OR Apache-2.0"),
        ("package.json", '{"licenses": [{"type": "MIT"}, {"type": "GPL-2.0+"}]}', "MIT OR GPL-2.0-or-later"),
        ("composer.json", '{"license": ["LGPL-2.1-only", "GPL-3.0-or-later"]}', "LGPL-2.1-only OR GPL-3.0-or-later"),
        ("Cargo.toml", '[package]\nlicense = "MIT/Apache-2.0"', "MIT OR Apache-2.0"),
        ("pyproject.toml", '[project]\nlicense = "BSD-3-Clause"', "BSD-3-Clause"),
        ("pyproject.toml", '[project]\nlicense = {text = "Apache 2.0"}', "Apache-2.0"),
        ("pyproject.toml", '[tool.poetry]\nlicense = "MIT"', "MIT"),
        ("setup.cfg", "[metadata]\nlicense = GPLv3+\n", "GPL-3.0-or-later"),
        ("setup.py", "setup(name='x',\n  license='MIT License')", "MIT"),
        ("PKG-INFO", "Metadata-Version: 2.4\nLicense-Expression: MIT AND (Apache-2.0 OR BSD-2-Clause)\n\nLicense: GPL",
         "MIT AND (Apache-2.0 OR BSD-2-Clause)"),
        ("PKG-INFO", "License: UNKNOWN\nClassifier: License :: OSI Approved :: GNU Affero General Public License v3\n",
         "AGPL-3.0-only"),
        ("DESCRIPTION", "Package: x\nLicense: GPL (>= 2) | file LICENSE\n", "GPL-2.0-or-later"),
        ("DESCRIPTION", "License: MIT + file LICENSE\n", "MIT"),
        ("pom.xml", "<licenses><license><name>Apache License, Version 2.0</name></license></licenses>", "Apache-2.0"),
        ("META.yml", "license: perl\n", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
        ("galaxy.yml", "license:\n  - GPL-2.0-or-later\n", "GPL-2.0-or-later"),
        ("setup.py", "kw = {'license': 'LGPL-3.0-only'}", "LGPL-3.0-only"),
        ("pom.xml", "<licenses><license><name>ours</name><url>https://opensource.org/licenses/MIT</url></license>"
         "</licenses>", "MIT"),
        ("package.json", '{"license": "AGPL-3.0 or commercial"}', "AGPL-3.0-only OR LicenseRef-unlisted-commercial"),
        ("package.json", '{"license": "https://www.apache.org/licenses/LICENSE-2.0"}', "Apache-2.0"),
        ("setup.py", "setup(license='Modified BSD License')", "BSD-3-Clause"),
    ],
)  # fmt: skip
def test_package_metadata(name: str, text: str, wanted: str) -> None:
    found = detect_file(text.encode(), f"pkg/{name}")
    assert (found.expression, found.kind) == (wanted, "metadata")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"license": "UNLICENSED"}'),
        ("package.json", '{"license": "Proprietary"}'),
        ("composer.json", '{"license": "proprietary"}'),
        ("setup.py", "setup(license='Commercial')"),
        ("setup.py", "setup(license='MIT', classifiers=['License :: Other/Proprietary License'])"),
        ("setup.cfg", "[metadata]\nclassifiers =\n  License :: Free For Educational Use\n"),
        ("pyproject.toml", '[project]\nclassifiers = ["License :: Free for non-commercial use"]'),
        ("pyproject.toml", '[tool.poetry]\nlicense = "Proprietary"'),
        ("PKG-INFO", "License: Free for academic use only\n"),
        ("Cargo.toml", '[package]\nlicense = "All rights reserved"'),
        ("x.cabal", "license: AllRightsReserved\n"),
        ("x.gemspec", "s.license = 'Nonstandard, closed source'"),
        ("pom.xml", "<licenses><license><name>Acme EULA</name></license></licenses>"),
        ("x.csproj", "<PackageLicenseExpression>UNLICENSED</PackageLicenseExpression>"),
        ("package.json", '{"license": "UNLICENSED", broken'),
    ],
)
def test_metadata_that_denies(name: str, text: str) -> None:
    found = detect_file(text.encode(), name)
    assert (found.state, found.expression) == (LicenseState.DENIED, None)
    assert found.grounds[0].rule.startswith("denied:")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"license": "Acme Public Terms"}'),
        ("package.json", '{"license": "MIT with Commons Clause"}'),
        ("package.json", '{"license": "https://acme.example/terms"}'),
        ("setup.cfg", "[metadata]\nclassifiers =\n  License :: Freeware\n"),
        ("DESCRIPTION", "License: ACM | Acme\n"),
        ("x.spec", "License: Acme Freeware\n"),
    ],
)
def test_metadata_that_is_not_understood(name: str, text: str) -> None:
    found = detect_file(text.encode(), name)
    assert (found.state, found.expression) == (LicenseState.NOT_UNDERSTOOD, None)


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("package.json", '{"license": "SEE LICENSE IN EULA.md"}', ("EULA.md",)),
        ("package.json", '{"license": "SEE LICENSE IN ../docs/TERMS"}', ("../docs/TERMS",)),
        ("package.json", '{"license": "custom"}', (".",)),
        ("package.json", '{"license": "LICENSE.txt"}', ("LICENSE.txt",)),
        ("package.json", '{"license": "https://github.com/x/y/blob/main/LICENSE"}', ("",)),
        ("Cargo.toml", '[package]\nlicense-file = "EULA.txt"', ("EULA.txt",)),
        ("pyproject.toml", '[project]\nlicense = {file = "TERMS"}', ("TERMS",)),
        ("DESCRIPTION", "License: file LICENSE\n", ("LICENSE",)),
        ("x.cabal", "license-file: COPYING\n", ("COPYING",)),
        ("x.nuspec", '<license type="file">LICENSE.md</license>', ("LICENSE.md",)),
        ("x.csproj", "<PackageLicenseFile>LICENSE.md</PackageLicenseFile>", ("LICENSE.md",)),
        ("galaxy.yml", "license_file: LICENSE\n", ("LICENSE",)),
    ],
)
def test_metadata_that_points_elsewhere(name: str, text: str, wanted: tuple[str, ...]) -> None:
    found = detect_file(text.encode(), name)
    assert (found.state, found.points_to) == (LicenseState.ABSENT, wanted)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "x"}',
        '{"license": ""}',
        '{"license": "UNKNOWN"}',
        '{"license": null}',
        '{"license": 5}',
        '{"license": {}}',
    ],
)
def test_metadata_that_says_nothing(text: str) -> None:
    found = detect_file(text.encode(), "package.json")
    assert (found.state, found.points_to) == (LicenseState.ABSENT, ())


def test_what_a_pointer_leads_to_decides() -> None:
    def tree(value: str, *files: tuple[str, str]) -> LicenseAnnotation | None:
        said = [("pkg/package.json", f'{{"license": "{value}"}}'), *files]
        return tree_licenses([(p, detect_file(t.encode(), p), p) for p, t in said])("pkg")

    mit = "SPDX-License-Identifier: MIT\n"
    assert tree("SEE LICENSE IN LICENSE", ("pkg/LICENSE", mit)).expression == "MIT"  # type: ignore[union-attr]
    assert tree("SEE LICENSE IN LICENSE", ("pkg/LICENSE.md", mit)).expression == "MIT"  # type: ignore[union-attr]
    assert tree("SEE LICENSE IN ../docs/EULA", ("docs/EULA", mit)).expression == "MIT"  # type: ignore[union-attr]
    assert tree("custom", ("pkg/LICENSE", mit)).expression == "MIT"  # type: ignore[union-attr]
    assert tree("SEE LICENSE FILE", ("LICENSE", mit)).expression == "MIT"  # type: ignore[union-attr]
    for found in (
        tree("SEE LICENSE IN EULA.md"),
        tree("custom"),
        tree("custom", ("LICENSE", mit)),  # a licence of its own is not the one of the folder above
        tree("SEE LICENSE IN README.md", ("pkg/README.md", "# Fields\n\nMeasures fields.\n")),
        tree("SEE LICENSE IN EULA.md", ("LICENSE", mit)),
    ):
        assert found is not None
        assert found.state is LicenseState.NOT_UNDERSTOOD


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"license": '), ("package.json", "[" * 100_000), ("package.json", "[1]"),
        ("Cargo.toml", "[package"), ("pyproject.toml", "\x00"), ("setup.cfg", "[metadata\nlicense"),
        ("pom.xml", "<licenses><license><name>"), ("META.yml", "license: [*a, &a b"), ("DESCRIPTION", ":::"),
        ("x.gemspec", "license = ["), ("REUSE.toml", "annotations = 3"), ("REUSE.toml", "[["),
    ],
)  # fmt: skip
def test_broken_metadata_is_a_note_not_an_exception(name: str, text: str) -> None:
    assert detect_file(text.encode(), name).expression is None


def test_every_file_that_is_taken_for_metadata_has_a_reader() -> None:
    assert NAMES == METADATA
    assert sorted(SUFFIXES) == sorted(METADATA_SUFFIXES)


def test_a_licence_text_in_a_field_runs_to_the_empty_line() -> None:
    text = "Copyright (c) 2024 Fields Ltd. All rights reserved.\n\n" + facts()["MIT"]["text"]
    field = "\n".join("        " + line for line in text.split("\n")).strip()
    found = detect_file(f"Metadata-Version: 2.1\nName: fields\nLicense: {field}\n\nBody\n".encode(), "METADATA")
    assert found.expression == "MIT"

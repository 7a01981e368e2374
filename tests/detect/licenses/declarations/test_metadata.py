"""Licences that package metadata declares."""

from __future__ import annotations

import pytest

from drystone.detect.licenses import detect_file


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
        ("x.gemspec", 's.licenses = ["MIT", "Ruby"]', "MIT OR Ruby"),
        ("pom.xml", "<licenses><license><name>Apache License, Version 2.0</name></license></licenses>", "Apache-2.0"),
        ("x.cabal", "name: x\nlicense:   BSD3\n", "BSD-3-Clause"),
        ("META.yml", "license: perl\n", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ],
)  # fmt: skip
def test_package_metadata(name: str, text: str, wanted: str) -> None:
    found = detect_file(text.encode(), f"pkg/{name}")
    assert (found.expression, found.kind) == (wanted, "metadata")


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

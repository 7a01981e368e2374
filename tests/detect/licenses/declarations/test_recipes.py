"""Build scripts and recipes: the licence that their code declares, and that a list may be a choice or not."""

from __future__ import annotations

import pytest

from drystone.detect.licenses import detect_file
from drystone.detect.licenses.declarations import recipes


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("x.gemspec", 's.licenses = ["MIT", "Ruby"]', "MIT OR Ruby"),
        ("x.cabal", "name: x\nlicense:   BSD3\n", "BSD-3-Clause"),
        ("x.csproj", "<PackageLicenseExpression>MPL-2.0</PackageLicenseExpression>", "MPL-2.0"),
        ("build.gradle", "pom { licenses { license { name = 'The MIT License'\nurl = 'x' } } }", "MIT"),
        ("build.gradle.kts", 'licenses { license { name.set("GPL-3.0-only") } }', "GPL-3.0-only"),
        ("meson.build", "project('x', 'c',\n  license: ['MIT', 'GPL-2.0-or-later'])", "MIT AND GPL-2.0-or-later"),
        ("PKGBUILD", "pkgname=x\nlicense=('Apache-2.0')\n", "Apache-2.0"),
        ("APKBUILD", 'license="GPL-2.0-only"\n', "GPL-2.0-only"),
        ("package.xml", "<package><license>BSD-2-Clause</license></package>", "BSD-2-Clause"),
        ("project.clj", ':license {:name "EPL-2.0"', "EPL-2.0"),
        ("build.sbt", 'licenses += ("Apache-2.0", url("x"))', "Apache-2.0"),
        ("Makefile.PL", "LICENSE => 'perl',", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
        ("conanfile.py", '    license = "Zlib"', "Zlib"),
        ("dune-project", "(license ISC)", "ISC"),
        ("x.metainfo.xml", "<project_license>GPL-3.0+</project_license>", "GPL-3.0-or-later"),
    ],
)  # fmt: skip
def test_recipes(name: str, text: str, wanted: str) -> None:
    found = detect_file(text.encode(), f"pkg/{name}")
    assert (found.expression, found.kind) == (wanted, "metadata")


def test_a_list_is_a_choice_or_holds_together() -> None:
    (choice,) = recipes.GEMSPEC('s.licenses = ["MIT", "Ruby"]')
    (both,) = recipes.PKGBUILD("license=('MIT' 'GPL-3.0-only')")
    assert (choice.answer or [None])[0] == "MIT OR Ruby"
    assert (both.answer or [None])[0] == "MIT AND GPL-3.0-only"


def test_what_other_code_says_of_licences_is_no_declaration() -> None:
    assert recipes.GRADLE("licenseReport { name = 'MIT' }\nlicense { header = file('x') }") == []
    assert recipes.MESON("project('x', 'c', version: '1')\nlicense_tool = find_program('MIT')") == []

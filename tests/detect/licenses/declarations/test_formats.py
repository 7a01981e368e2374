"""Formats with a grammar: precedence within a file, and what is a choice."""

from __future__ import annotations

from drystone.detect.licenses import LicenseState
from drystone.detect.licenses.declarations import formats
from drystone.detect.licenses.declarations.values import Declaration


def said(found: list[Declaration]) -> list[tuple[LicenseState, str | None]]:
    return [(d.state, d.answer[0] if d.answer else None) for d in found]


def test_pythons_precedence() -> None:
    trove = ["License :: OSI Approved :: MIT License", "Programming Language :: Python"]
    mit = [(LicenseState.GRANTED, "MIT")]
    assert said(formats.python("ISC", "GPL", trove)) == [(LicenseState.GRANTED, "ISC")]
    assert said(formats.python(None, "as you like", trove)) == mit
    assert said(formats.python(None, "UNKNOWN", trove)) == mit
    assert said(formats.python(None, "BSD", trove)) == mit  # the vaguer of the two
    assert said(formats.python(None, "MIT", ["License :: OSI Approved"])) == mit
    denied = [(LicenseState.DENIED, None)]
    assert said(formats.python(None, "Acme EULA", trove)) == denied
    assert said(formats.python(None, "MIT", ["License :: Other/Proprietary License"])) == denied
    assert said(formats.python("Proprietary", None, trove)) == denied


def test_licences_of_a_pom_are_a_choice() -> None:
    one = "<license><name>{}</name><url>https://x.example</url></license>"
    text = f"<licenses>{one.format('MIT')}{one.format('EPL-2.0')}</licenses>"
    assert said(formats.pom(text)) == [(LicenseState.GRANTED, "MIT OR EPL-2.0")]
    assert said(formats.pom(f"<licenses>{one.format('our own')}</licenses>")) == [(LicenseState.NOT_UNDERSTOOD, None)]


def test_top_level_keys_of_yaml() -> None:
    read = formats.yaml_key("license", "license_file")
    assert said(read("name: x\nlicense: [MIT, ISC]\n")) == [(LicenseState.GRANTED, "MIT OR ISC")]
    assert said(read("info:\n  license: GPL-3.0-only\n")) == []
    assert [d.points_to for d in read("license_file: COPYING\n")] == ["COPYING"]

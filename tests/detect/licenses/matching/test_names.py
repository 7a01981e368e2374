"""Licences by name: SPDX expressions in normal form, and what people write instead."""

from __future__ import annotations

import pytest

from drystone.detect.licenses.matching.names import declared, spdx_expression
from drystone.detect.licenses.matching.references import facts


def test_every_identifier_of_the_list_is_an_expression_of_itself_or_its_successor() -> None:
    for identifier in facts():
        found = spdx_expression(identifier)
        assert found is not None, identifier
        assert spdx_expression(found) == found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("mit", "MIT"),
        ("MIT or apache-2.0", "MIT OR Apache-2.0"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("LicenseRef-mine", "LicenseRef-mine"),
        ("no-such-licence", None),
        ("MIT AND", None),
        ("", None),
        ("(" * 60 + "MIT" + ")" * 60, None),
        ("MIT AND " * 500 + "MIT", None),
    ],
)
def test_expressions(text: str, wanted: str | None) -> None:
    assert spdx_expression(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Apache 2.0", "Apache-2.0"),
        ("GPLv2+", "GPL-2.0-or-later"),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
        ("'MIT'", "MIT"),
        ("BSD", "BSD-3-Clause"),
        ("public domain", "LicenseRef-scancode-public-domain"),
        ("free software", None),
        ("see LICENSE", None),
        ("x" * 501, None),
    ],
)
def test_declarations(text: str, wanted: str | None) -> None:
    found = declared(text)
    assert (found[0] if found is not None else None) == wanted
    if found is not None:
        assert 0 < found[1] <= 1


def test_a_vague_name_is_less_sure_than_an_identifier() -> None:
    vague, exact = declared("BSD"), declared("BSD-3-Clause")
    assert vague is not None
    assert exact is not None
    assert vague[0] == exact[0]
    assert vague[1] < exact[1]

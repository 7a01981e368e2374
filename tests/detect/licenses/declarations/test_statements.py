"""What code says of its own licence beside header comments, and what REUSE takes out."""

from __future__ import annotations

import pytest

from drystone.detect.licenses import LicenseAnnotation, LicenseState, detect_file, detect_headers, file_license

GPL = (
    "This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public "
    "License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any "
    "later version."
)


def head(path: str, text: str) -> LicenseAnnotation | None:
    return detect_headers([text.encode()], [path])[0]


@pytest.mark.parametrize(
    ("path", "text", "wanted"),
    [
        ("a.c", '#include <x.h>\n\nMODULE_LICENSE("GPL");\n', "GPL-2.0-or-later"),
        ("a.c", "int x;\n" * 9000 + 'MODULE_LICENSE("Dual BSD/GPL");\n', "BSD-3-Clause OR GPL-2.0-only"),
        ("a.py", "__license__ = 'GPL v3'\n", "GPL-3.0-only"),
        ("a.py", '__license__: str = "Apache 2.0"\n', "Apache-2.0"),
        ("a.f90", "!> @license GPL-3.0\nmodule x\n", "GPL-3.0-only"),
        ("a.php", "<?php\n/**\n * @license http://opensource.org/licenses/MIT MIT\n */\n", "MIT"),
        ("a.m", "%% \\license LGPL-2.1-or-later\n", "LGPL-2.1-or-later"),
        ("a.js", "/*! walls v1.0 | (c) Jane Mason | MPL-2.0 */\n", "MPL-2.0"),
        ("a.css", "/* (c) 2011 Jane Mason, GPL */\n", "GPL-1.0-or-later"),
        ("a.js", "/*! walls | Copyright Jane Mason | MIT License */\n", "MIT"),
        ("Dockerfile", 'LABEL org.opencontainers.image.licenses="AGPL-3.0-only"\n', "AGPL-3.0-only"),
        ("a.svg", "<svg><!-- SPDX-License-Identifier: GPL-2.0-only --><text>x</text></svg>\n", "GPL-2.0-only"),
        ("a.svg", '<svg><cc:license rdf:resource="http://creativecommons.org/licenses/by-sa/4.0/"/></svg>',
         "CC-BY-SA-4.0"),
        ("a.html", '<a rel="license" href="https://creativecommons.org/licenses/by-nc/4.0/">x</a>', "CC-BY-NC-4.0"),
    ],
)  # fmt: skip
def test_statements(path: str, text: str, wanted: str) -> None:
    found = head(path, text)
    assert found is not None
    assert found.expression == wanted


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.c", 'MODULE_LICENSE("Proprietary");\n'),
        ("a.py", "__license__ = 'Proprietary'\n"),
        ("a.js", "// @license UNLICENSED\nvar x;\n"),
    ],
)
def test_statements_that_deny(path: str, text: str) -> None:
    found = head(path, text)
    assert found is not None
    assert (found.state, found.expression) == (LicenseState.DENIED, None)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "x = '__license__ = GPL'\n"),
        ("a.py", "    __license__ = read('LICENSE')\n"),
        ("a.py", "# (c) 1999, MIT\nx = 1\n"),
        ("a.py", "# Copyright 2020 Jane, Mason and others\n"),
        ("a.js", "// @license Copyright 2020 Jane Mason, see the file beside this one.\n"),
        ("a.c", "/* MODULE_LICENSE says what a module is under */\n"),
        ("a.html", '<a href="https://creativecommons.org/licenses/by-nc/4.0/">x</a>'),
    ],
)
def test_what_is_no_statement(path: str, text: str) -> None:
    assert head(path, text) is None


def test_ignore_blocks_hold_no_statement() -> None:
    block = "# REUSE-IgnoreStart\n# {}\n# REUSE-IgnoreEnd\n"
    assert head("a.py", block.format(GPL) + "x = 1\n") is None
    assert head("a.py", block.format("SPDX-License-Identifier: GPL-2.0-only")) is None
    assert head("a.py", "# REUSE-IgnoreStart\n# SPDX-License-Identifier: GPL-2.0-only\n") is None
    both = head("a.py", "# SPDX-License-Identifier: MIT\n" + block.format("SPDX-License-Identifier: GPL-2.0-only"))
    after = head("a.py", block.format("SPDX-License-Identifier: MIT") + "# SPDX-License-Identifier: GPL-2.0-only\n")
    assert both is not None
    assert after is not None
    assert (both.expression, after.expression) == ("MIT", "GPL-2.0-only")
    assert after.evidence[0].start_line == 4
    readme = f"# Walls\n\n<!-- REUSE-IgnoreStart -->\n{GPL}\n<!-- REUSE-IgnoreEnd -->\n"
    assert detect_file(readme.encode(), "README.md").state is LicenseState.ABSENT


def test_snippets_hold_beside_the_files_licence() -> None:
    snippet = "# SPDX-SnippetBegin\n# SPDX-License-Identifier: GPL-2.0-only\nx = 1\n# SPDX-SnippetEnd\n"
    folder = LicenseAnnotation("MIT", "tree")
    for text, wanted in (
        ("y = 2\n" * 9000 + snippet, "MIT AND GPL-2.0-only"),
        ("# SPDX-License-Identifier: ISC\n" + snippet, "ISC AND GPL-2.0-only"),
        (snippet, "MIT AND GPL-2.0-only"),
    ):
        found = file_license(folder, head("a.py", text), "a.py", "swh:x")
        assert found is not None
        assert found.expression == wanted
        assert [e.path for e in found.evidence if e.rule == "spdx-snippet"] == ["a.py"]
    alone = file_license(None, head("a.py", snippet))
    assert alone is not None
    assert alone.expression == "GPL-2.0-only"

"""Licences in heads of source files; strings that only quote one are not the file's own."""

import time

import pyarrow as pa
import pytest

from drystone.detect.licenses import HEAD_BYTES, LicenseState, detect_headers
from drystone.detect.licenses.headers import syntax_flags

NOTICE = (
    "This program is free software: you can redistribute it and/or modify",
    "it under the terms of the GNU General Public License as published by",
    "the Free Software Foundation, either version 3 of the License, or",
    "(at your option) any later version.",
)


def wrap(first: str, line: str, last: str, code: str) -> bytes:
    return "\n".join([first, *(line + text for text in NOTICE), last, code]).encode()


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.py", wrap("#!/usr/bin/env python3", "# ", "#", "import os")),
        ("a.py", wrap('"""Tools.\n', "", '"""', "import os")),
        ("a.c", wrap("/*", " * ", " */", "int main(void) { return 0; }")),
        ("a.c", wrap("#include <a.h>\n/*", "   ", "*/", "int x;")),
        ("a.rs", wrap("", "// ", "", "fn main() {}")),
        ("a.el", wrap(";;; a.el", ";; ", "", "(provide 'a)")),
        ("a.hs", wrap("{-", "  ", "-}", "main = return ()")),
        ("a.lua", wrap("--[[", "", "]]", "return 1")),
        ("a.sql", wrap("", "-- ", "", "SELECT 1;")),
        ("a.tex", wrap("", "% ", "", "\\end")),
        ("a.html", wrap("<!doctype html>\n<!--", "", "-->", "<p>x</p>")),
        ("a.m4", wrap("", "dnl ", "", "AC_INIT")),
        ("a.bat", wrap("@echo off", "REM ", "", "dir")),
        ("a.pas", wrap("{", "  ", "}", "program a;")),
        ("a.ml", wrap("(*", "   ", "*)", "let x = 1")),
        ("a.f", wrap("", "C     ", "", "      END")),
        ("a.f90", wrap("", "! ", "", "end program")),
        ("a.vim", wrap("", '" ', "", "set nocp")),
        ("a.1", wrap("", '.\\" ', "", ".TH A 1")),
        ("a.php", wrap("<?php\n/**", " * ", " */", "echo 1;")),
        ("a.pl", wrap("use strict;\n\n=head1 LICENSE\n", "", "\n=cut", "1;")),
        ("a.rb", wrap("=begin", "", "=end", "puts 1")),
        ("a.js", wrap("'use strict';\n/*!", " * ", " */", "let a = `x`;")),
    ],
)
def test_a_comment_at_the_head_is_the_files_own(path: str, data: bytes) -> None:
    for paths in ([path], None):
        if paths is None and path.endswith(".pas"):
            continue  # braces are comments only where the name says Pascal
        found = detect_headers([data], paths)[0]
        assert found is not None, paths
        assert (found.expression, found.kind) == ("GPL-3.0-or-later", "header")


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.py", wrap('TEXT = """', "# ", '"""', "print(TEXT)")),
        ("a.py", wrap("print(\n'''", "", "''')", "x = 1")),
        ("a.py", ("x = (" + "".join(f'"{t} "\n' for t in NOTICE) + ")").encode()),
        ("a.c", ("const char *text =\n" + "".join(f'  "{t}\\n"\n' for t in NOTICE) + ";").encode()),
        ("a.cpp", wrap('auto t = R"x(', "// ", ')x";', "int a;")),
        ("a.sh", wrap("cat > out.py <<'EOF'", "# ", "EOF", "echo done")),
        ("a.js", wrap("const t = `", "// ", "`;", "let a;")),
        ("a.go", wrap("var t = `", "// ", "`", "func a() {}")),
        ("a.rs", wrap('let t = r#"', "// ", '"#;', "fn a() {}")),
        ("a.json", wrap('{"text": "', "# ", '"}', "")),
        ("a.h", b'#define LICENSE "This is under the terms of the GNU GPL version 3"\n'),
    ],
)
def test_a_string_that_quotes_a_licence_is_not(path: str, data: bytes) -> None:
    assert detect_headers([data], [path]) == [None]


def test_lines_and_rule_are_told() -> None:
    data = b"#!/bin/sh\n#\n# Copyright (C) 2020 Ann\n#\n" + b"\n".join(b"# " + t.encode() for t in NOTICE)
    found = detect_headers([data], ["a.sh"])[0]
    assert found is not None
    assert found.copyrights == ("Copyright (C) 2020 Ann",)
    assert found.evidence[0].start_line in range(5, 9)


def test_clean_code_and_mere_talk_give_nothing() -> None:
    texts = [b"def f():\n    return 1\n", b"", b"# check the license key of the user\nx = 1\n",
             b"# permission denied is an error\n", b"\0\1GPL license",
             b"\xff\xfe" + "int a;".encode("utf-16-le")]  # fmt: skip
    assert detect_headers(texts) == [None] * len(texts)


def test_utf16_is_read() -> None:
    text = "\r\n".join("// " + t for t in NOTICE)
    for codec in ("utf-16-le", "utf-16-be"):
        mark = b"\xff\xfe" if codec == "utf-16-le" else b"\xfe\xff"
        found = detect_headers([mark + text.encode(codec)], ["a.cs"])[0]
        assert found is not None
        assert found.expression == "GPL-3.0-or-later"


def test_lists_and_arrow_arrays_agree() -> None:
    rows = [wrap("/*", " * ", " */", "int a;"), b"int b;", None, wrap("", "# ", "", "c = 1")]
    as_list = [None if r is None else detect_headers([r])[0] for r in rows]
    for kind in (pa.binary(), pa.large_binary()):
        array = pa.array(rows, kind)
        assert detect_headers(array) == as_list
        assert detect_headers(array.slice(1)) == as_list[1:]
        assert detect_headers(pa.chunked_array([array, array.slice(3)])) == [*as_list, as_list[3]]
    assert detect_headers(pa.array([], pa.string())) == []


def test_wrong_calls_are_refused() -> None:
    with pytest.raises(ValueError, match="2 paths"):
        detect_headers([b""], ["a", "b"])
    with pytest.raises(ValueError, match="binary or string"):
        detect_headers(pa.array([1]))


def test_only_the_head_counts() -> None:
    data = b"x = 1\n" * (HEAD_BYTES // 6 + 10) + wrap("", "# ", "", "")
    assert detect_headers([data], ["a.py"]) == [None]


@pytest.mark.parametrize(
    "unit",
    [b"/* license ", b"/**/", b"<<A license ", b'R"x( license ', b'"""license', b"license <!-- ", b"`license",
     b"'", b"{- gpl "],
)  # fmt: skip
def test_hostile_heads_are_bounded(unit: bytes) -> None:
    start = time.process_time()
    detect_headers([unit * (10_000_000 // len(unit)), unit * 10])
    assert time.process_time() - start < 2


def test_a_huge_minified_file_is_bounded() -> None:
    data = b"/*! license MIT */var a=1;" + b"function f(x){return x+1};" * 4_000_000
    start = time.process_time()
    found = detect_headers([data], ["a.min.js"])[0]
    assert time.process_time() - start < 1
    assert found is not None
    assert found.expression == "MIT"


def test_flags_follow_the_extension() -> None:
    assert syntax_flags("x/y.JS") == syntax_flags("a.js") != syntax_flags("a.py") == 0


def test_a_copyright_behind_a_license_tag_denies_nothing() -> None:
    text = b"/**\n * @license Copyright (c) 2003, Fields. All rights reserved.\n * Licensing: see LICENSE.md\n */\nx;"
    assert detect_headers([text], ["a.js"]) == [None]


def test_heads_that_deny() -> None:
    for text in (
        b"# Copyright: Field Mappers - All Rights Reserved\n# Do not distribute.\nx = 1\n",
        b"/* Field Mappers Confidential */\nint x;\n",
        b"// Unauthorised copying of this file is prohibited.\nint x;\n",
    ):
        (found,) = detect_headers([text], ["a.c" if text[:1] != b"#" else "a.py"])
        assert found is not None and found.denied, text
    for text in (
        b"/* Copyright 2019 Fields. All rights reserved. */\nint x;\n",
        b"// the confidential column\nint x;\n",
    ):
        assert detect_headers([text], ["a.c"]) == [None]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (
            b"/* Permission to use, copy, modify, and distribute this software and its documentation for any purpose,\n"
            b" * without fee, and without written agreement is hereby granted, provided that the author is named. */\n",
            LicenseState.NOT_UNDERSTOOD,
        ),
        (
            b"/* Redistribution and use of this table in print are permitted, if its maker is told. */\n",
            LicenseState.NOT_UNDERSTOOD,
        ),
        (
            b"/* Redistribution and use of this table are permitted to pupils of the school. */\n",
            LicenseState.NOT_UNDERSTOOD,
        ),
        (b"// Called when permission is granted by the system.\n", LicenseState.ABSENT),
        (b"/* Permission to read contacts is granted in the manifest. */\n", LicenseState.ABSENT),
    ],
)
def test_a_grant_in_own_words_is_not_absent(text: bytes, state: LicenseState) -> None:
    (found,) = detect_headers([text + b"int x;\n"], ["a.c"])
    assert (LicenseState.ABSENT if found is None else found.state) is state


def test_a_head_of_lean_is_read() -> None:
    (found,) = detect_headers(
        [b"/-\nCopyright 2020 Ann.\nReleased under the GPL version 3.\n-/\nimport a\n"], ["a.lean"]
    )
    assert found is not None and found.expression == "GPL-3.0-only"


COMMENTS = [
    ("a.py", "# {}\n"), ("a.py", '"""\n{}\n"""\n'), ("a.c", "/* {} */\n"), ("a.c", "/*\n * {}\n */\n"),
    ("a.js", "// {}\n"), ("a.mod", "(* {} *)\n"), ("a.cob", "      ** {}  **\n"), ("a.cob", "      *> {}\n"),
    ("a.sql", "-- {}\n"), ("a.el", ";; {}\n"), ("a.html", "<!-- {} -->\n"), ("a.m4", "dnl {}\n"),
    ("a.hs", "{{- {} -}}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "comment"), COMMENTS)
@pytest.mark.parametrize(
    ("line", "expression"),
    [
        ("Copyright (C) 2009-2010, Jane M. Mason, GPL", "GPL-1.0-or-later"),
        ("(c) 2009 Jane Mason | AGPL-3.0", "AGPL-3.0-only"),
    ],
)
def test_a_name_of_copyleft_ends_a_copyright_line(path: str, comment: str, line: str, expression: str) -> None:
    (found,) = detect_headers([comment.format(line).encode() + b"walls\n"], [path])
    assert found is not None and found.expression == expression


@pytest.mark.parametrize(
    "line",
    [
        "Copyright 1999, MIT",
        "(c) 2001 Jane, Gpleasure",
        "copyright, gpl",
        "Copyright 2020 Jane, who likes the GPL best",
    ],
)
def test_a_holder_at_the_end_of_a_copyright_line_is_no_licence(line: str) -> None:
    (found,) = detect_headers([f"/*\n{line}\n*/\nint x;\n".encode()], ["a.c"])
    assert found is None


@pytest.mark.parametrize(("path", "comment"), COMMENTS[:6])
def test_a_field_that_says_licence_stands_apart_from_the_others(path: str, comment: str) -> None:
    fields = "Description: a theme inspired by Walls\nAuthor: Jane\nLicense: {}\nUpdated: 2021"
    for said in ("https://creativecommons.org/licenses/by-sa/4.0  CC BY-SA 4.0", "CC BY-SA 4.0"):
        lines = fields.format(said).split("\n")
        text = (
            "".join(comment.format(line) for line in lines) if path != "a.c" else "/*\n" + "\n".join(lines) + "\n*/\n"
        )
        (found,) = detect_headers([text.encode() + b"walls\n"], [path])
        assert found is not None and found.expression == "CC-BY-SA-4.0"


def test_prose_about_other_software_grants_nothing_here() -> None:
    for text in (
        b"/* A theme inspired by Walls,\n   license: GPL. */\n",
        b"/* An alternative to Walls (license: GPL-3.0). */\n",
    ):
        assert detect_headers([text + b"int x;\n"], ["a.c"]) == [None]


@pytest.mark.parametrize(("path", "comment"), [c for c in COMMENTS if c[0] not in {"a.cob"}])
def test_a_licence_tag_that_reserves_all_rights_denies(path: str, comment: str) -> None:
    line = "@license Copyright (c) Walls, 2020-2023 - all rights reserved"
    (found,) = detect_headers([comment.format(line).encode() + b"walls\n"], [path])
    assert found is not None and found.denied
    code = b'TYPE = keccak("Permit(address owner)")  # granted by copying\n'
    assert detect_headers([comment.format(line).encode() + code], [path])[0] == found
    for more in ("For licensing, see the root.", "Released under the MIT license."):
        (found,) = detect_headers([comment.format(line).encode() + comment.format(more).encode()], [path])
        assert found is None or not found.denied


@pytest.mark.parametrize(("path", "comment"), [c for c in COMMENTS if c[0] not in {"a.cob"}])
def test_what_may_not_be_sold_is_not_free(path: str, comment: str) -> None:
    for line in (
        "This code may be freely used and distributed, it may not be sold.",
        "This software can not be sold or rented.",
        "You may copy this file. It must not be sold.",
    ):
        (found,) = detect_headers([comment.format(line).encode() + b"walls\n"], [path])
        assert found is not None and found.denied, line
    for line in (
        "Tickets which may not be sold are greyed out.",
        "Items of the cart cannot be sold twice.",
        "Quest items are bound to the player: it cannot be sold.",
        "Returns false if the product may not be sold in this country.",
        "Whether an article may be sold depends on its stock.",
        "This software may be sold.",
    ):
        (found,) = detect_headers([comment.format(line).encode() + b"walls\n"], [path])
        assert found is None, line

"""What files say about themselves."""

import pytest

from drystone.detect.languages.markers import by_modeline, by_shebang, by_signature


@pytest.mark.parametrize(
    ("line", "languages"),
    [
        (b"#!/bin/sh\n", ("Shell",)),
        (b"#!/usr/bin/env python3\n", ("Python",)),
        (b"#! /usr/bin/env -S ruby -w\n", ("Ruby",)),
        (b"#!/usr/bin/env FOO=1 perl\n", ("Perl", "Pod")),
        (b"#!/usr/local/bin/python2.7 -u\n", ("Python",)),
        (b"#!/bin/sh\n# restart\nexec tclsh \"$0\" \"$@\"\n", ("Tcl",)),
        (b"#!/usr/bin/env\n", ()),
        (b"#!\n", ()),
        (b"#!/bin/unheard-of\n", ()),
        (b"plain\n", ()),
        (b"", ()),
        (b"#!" + b"x" * 100_000, ()),
        (b"#!/usr/bin/env \xff\xfe\n", ()),
    ],
)  # fmt: skip
def test_shebang(line: bytes, languages: tuple[str, ...]) -> None:
    assert by_shebang(line)[0] == languages


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (b"/* -*- C++ -*- */\n", "C++"),
        (b"# -*- mode: ruby; coding: utf-8 -*-\n", "Ruby"),
        (b"; -*- coding: utf-8; mode: scheme -*-\n", "Scheme"),
        (b"# -*- coding: utf-8 -*-\n", None),
        (b"# vim: set ft=perl :\n", "Perl"),
        (b"x\n" * 3000 + b"# vim: ts=4 filetype=python\n", "Python"),
        (b"x\n" * 20 + b"# vim: ft=perl\n" + b"y\n" * 3000, None),
        (b"# vim: ft=unheardof\n", None),
        (b"", None),
        (b"-*-" * 100_000, None),
        (b"vim:" * 100_000 + b"ft=", None),
    ],
    ids=range(11),
)
def test_modeline(text: bytes, language: str | None) -> None:
    assert by_modeline(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (b"<?php echo 1;", "PHP"),
        (b"\n<!DOCTYPE html>\n", "HTML"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b'<?xml version="1.0"?>\n<a/>', "XML"),
        (b"diff --git a/x b/x\n", "Diff"),
        (b"%!PS-Adobe-3.0\n", "PostScript"),
        (b"Traceback (most recent call last):\n  File", "Python traceback"),
        (b"hello", None),
        (b"<" * 100_000, None),
    ],
    ids=range(9),
)
def test_signature(text: bytes, language: str | None) -> None:
    assert by_signature(text) == language

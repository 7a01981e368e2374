from __future__ import annotations

import random

from drystone.release.documents.notice import Notice, notice_text

MIT = "MIT License\n\nCopyright (c) {year} {holder}\n\nPermission is hereby granted, free of charge, ...\n"
APACHE = "Apache License\n\n   Copyright [yyyy] [name of copyright owner]\n\n   Licensed under ...\n"


def text_of(notices: list[Notice]) -> str:
    return "".join(notice_text("Stones 1", notices))


def test_each_text_once_with_all_its_holders_and_repositories() -> None:
    notices = [
        Notice(MIT.format(year=2020, holder="Ann"), "a/one", "MIT"),
        Notice(MIT.format(year=2020, holder="Ann"), "a/two", "MIT"),
        Notice(MIT.format(year=1999, holder="Bob & Co").replace("\n", "\r\n"), "b/three", "MIT"),
        Notice(APACHE, "c/four", "Apache-2.0"),
    ]
    text = text_of(notices)
    assert text.count("Permission is hereby granted") == 1
    assert "    Copyright (c) 2020 Ann\n  in a/one\n  in a/two\n" in text
    assert "    Copyright (c) 1999 Bob & Co\n  in b/three\n" in text
    assert "Copyright [yyyy] [name of copyright owner]" in text.split("-" * 80)[1], "a template belongs to the text"
    assert text.index("[1] Apache-2.0") < text.index("[2] MIT")


def test_the_order_of_notices_does_not_matter() -> None:
    notices = [Notice(MIT.format(year=y, holder="X" * (y % 3)), f"r/{y}", "MIT") for y in range(2000, 2020)]
    notices += [Notice("Else\n\n  text", "q", None), Notice("Else\n text\n", "p", None)]
    shuffled = list(notices)
    random.Random(1).shuffle(shuffled)
    assert text_of(notices) == text_of(shuffled)
    assert text_of(notices).count("licence not recognised") == 1


def test_holders_in_their_many_forms() -> None:
    lines = [
        "Copyright 2001-2024 The Authors. All rights reserved.",
        "# Copyright (C) 1991 Someone",
        " * © 2011 Somebody",
        "(c) 2015 by Them",
        "Copyright © Holder",
    ]
    text = text_of([Notice("\n".join([*lines, "The text."]), "r", "MIT")])
    head, body = text.split("-" * 80)
    assert all(" ".join(line.split()) in head for line in lines)
    assert body.strip() == "The text."
    sentence = "The above copyright notice and this permission notice shall be included in all copies."
    assert sentence in text_of([Notice(sentence, "r", "MIT")]).split("-" * 80)[1]


def test_no_notices_and_hostile_ones() -> None:
    assert "No kept file comes from a repository with a licence" in text_of([])
    text = text_of([Notice("Copyright 2020 \x1b[31m\nred \x1b[31m\ttab", "\x1b]0;x", "\x1b")])
    assert "\x1b" not in text
    assert "red \\x1b[31m\ttab" in text
    assert "\udcff" not in text_of([Notice("x", "caf\udcff", None)])

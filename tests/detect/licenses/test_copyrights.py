"""Copyright lines."""

from __future__ import annotations

from drystone.detect.licenses import detect_file
from drystone.detect.licenses.matching.references import facts
from tests.detect.licenses.test_files import expression


def test_copyright_lines_are_collected_and_do_not_change_the_hash() -> None:
    text = facts()["MIT"]["text"]
    one = detect_file(text.replace("<year> <copyright holders>", "2020 Ann").encode(), "LICENSE")
    two = detect_file(text.replace("<year> <copyright holders>", "2021 Ben\nCopyright © 2022 Cy").encode(), "LICENSE")
    assert one.copyrights == ("Copyright (c) 2020 Ann",)
    assert two.copyrights == ("Copyright (c) 2021 Ben", "Copyright © 2022 Cy")
    assert one.text_sha256 == two.text_sha256 != ""


def test_a_copyright_line_that_names_a_licence_is_heard() -> None:
    line = b"copyright 2009 by the project - free software under the terms of the LGPL 2.1\n"
    assert expression(line) == "LGPL-2.1-only"

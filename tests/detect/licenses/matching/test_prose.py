"""Pages by their headings; lines stay where they are."""

from __future__ import annotations

import time

import pytest

from drystone.detect.licenses.matching.prose import page, refers_to, tells_the_past, without_markup


def test_parts_about_others_are_emptied_and_the_licence_is_found() -> None:
    text = b"# Marigold\n\n## Credits\n\nDaisy is GPL.\n\n### License of Daisy\n\nGPL\n\n## License\n\nMIT\n"
    read = page(text)
    assert read.text.count(b"\n") == text.count(b"\n")
    assert b"Daisy is GPL" not in read.text
    assert b"MIT" in read.text
    lines = read.text.split(b"\n")
    assert [[lines[i - 1] for i in range(a, b)] for a, b in read.licensing][-1] == [b"## License.", b"", b"MIT", b""]


def test_a_title_may_hold_such_words_and_code_has_no_headings() -> None:
    assert b"under the GPL" in page(b"# Dependency checker\n\nReleased under the GPL.\n").text
    assert page(b"```\n# License\nMIT\n```\n").licensing == ()


def test_html_is_read_as_its_text() -> None:
    html = b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN">\n<html><head>\n<style>a{}</style></head>\n'
    html += b"<p>May not be copied.</p>"
    read = without_markup(html)
    assert b"W3C" not in read
    assert b"May not be copied." in read
    assert read.count(b"\n") == html.count(b"\n")
    assert without_markup(b"a < b && c > d") == b"a < b && c > d"
    assert without_markup(b"<html><HEAD>a</head>b<!-- c\n --><?d?>e<script>f</style>").split() == [b"b", b"e", b"f"]


@pytest.mark.parametrize("begins", [b"<head>", b"<!--", b"<script >", b"<!-- <style>"])
def test_pages_that_begin_much_and_end_nothing_take_no_longer(begins: bytes) -> None:
    size = 400_000
    started = time.process_time()
    read = without_markup(b"<html>" + begins * (size // len(begins)) + b"May not be copied.")
    assert time.process_time() - started < 3
    assert read.endswith(b"May not be copied.")


def test_what_a_head_refers_to() -> None:
    assert refers_to(b"a\nsee docs/LICENSE.txt for terms") == ("docs/LICENSE.txt", 2)
    for text in (b"see LICENSE", b"see ../LICENSE", b"see https://x.example/docs/LICENSE", b"in LICENSES/MIT.txt"):
        assert refers_to(text) is None, text


def test_lists_of_changes() -> None:
    assert tells_the_past("docs/CHANGELOG.md")
    assert not tells_the_past("docs/changing.md")

"""One text: full texts, notices, clauses, tags."""

from __future__ import annotations

import pytest

from drystone.detect.licenses import detect_file, reviewed
from drystone.detect.licenses.matching.references import facts
from tests.detect.licenses.matching.test_tags import GPL_NOTICE
from tests.detect.licenses.test_files import expression


@pytest.mark.parametrize(
    "identifier",
    ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "MPL-2.0", "EPL-2.0", "CC0-1.0",
     "CC-BY-SA-4.0",
     "Unlicense", "BSL-1.0", "GPL-2.0-only", "GPL-3.0-only", "LGPL-2.1-only", "AGPL-3.0-only", "Artistic-2.0", "0BSD"],
)  # fmt: skip
def test_a_listed_text_is_itself(identifier: str) -> None:
    found = detect_file(facts()[identifier]["text"].encode(), "COPYING")
    assert found.expression == identifier
    assert found.confidence > 0.9


def test_a_listed_text_is_told_by_its_hash_whatever_its_layout() -> None:
    text = facts()["BSD-3-Clause"]["text"].replace("<year> <owner>", "2020 Ann")
    plain = detect_file(text.encode(), "LICENSE")
    starred = detect_file("".join(f" * {line}\n" for line in text.splitlines()).encode(), "COPYING")
    assert plain.text_sha256 == starred.text_sha256
    assert [e.rule for e in plain.evidence] == ["text-hash"]
    assert plain.expression == starred.expression == "BSD-3-Clause"
    changed = detect_file(text.replace("Redistributions", "Distributions").encode(), "LICENSE")
    assert changed.evidence[0].rule != "text-hash"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (GPL_NOTICE, "GPL-2.0-or-later"),
        (GPL_NOTICE[: GPL_NOTICE.index(b"; either")] + b", version 2.",
         "GPL-2.0-only"),
        ("Licensed under the Apache License, Version 2.0 (the \"License\")", "Apache-2.0"),
        ("This is distributed without any warranty under the terms of the GNU GPL, version 2.", "GPL-2.0-only"),
        ("Dual licensed under the MIT license and the GNU GPL version 3 or later.", "MIT OR GPL-3.0-or-later"),
        ("You may use this under the terms of the Mozilla Public License, v. 2.0.", "MPL-2.0"),
        ("it under the same terms as Perl itself.", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
        ("under the GNU Lesser General Public License (LGPL) version 2.1 or later", "LGPL-2.1-or-later"),
        ("licensed under the Apple Public Source License Version 1.1", "APSL-1.1"),
        ("Licensed under GPLv2+ with the Classpath exception", "GPL-2.0-or-later WITH Classpath-exception-2.0"),
    ],
)  # fmt: skip
def test_a_notice_names_its_licence(text: bytes | str, wanted: str) -> None:
    assert expression(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "This library is not licensed under the GNU General Public License.",
        "Our terms are incompatible with the GPL version 2.",
        "Buy a subscription at our shop.",
        "",
    ],
)
def test_a_name_alone_is_no_grant(text: str) -> None:
    assert expression("Some words about the work that follows here. " * 6 + text, "README.md") is None


def test_two_texts_hold_together_and_each_has_its_lines() -> None:
    mit, bsd = facts()["MIT"]["text"], facts()["BSD-2-Clause"]["text"]
    found = detect_file(f"{mit}\n\n----\n\n{bsd}".encode(), "LICENSE")
    assert found.ids == ("BSD-2-Clause", "MIT")
    first, second = found.evidence[0], found.evidence[-1]
    assert first.end_line < second.start_line


def test_unknown_words_of_licensing_stay_unknown_and_go_to_review() -> None:
    found = detect_file(
        b"You have our permission to look at this on Tuesdays, if you do not tell anyone. " * 3, "LICENSE"
    )
    assert found.expression is None
    assert found.unanswered
    assert found.cause == "unanswered"
    decided = reviewed(found, {found.text_sha256: "LicenseRef-Tuesdays"})
    assert decided.expression == "LicenseRef-Tuesdays"
    assert not decided.needs_review
    assert reviewed(found, {found.text_sha256: "NONE"}).unanswered is False

"""SPDX tags."""

from __future__ import annotations

from drystone.detect.licenses import detect_text

GPL_NOTICE = b"""This program is free software; you can redistribute it and/or modify
it under the terms of the GNU General Public License as published by
the Free Software Foundation; either version 2 of the License, or
(at your option) any later version.
"""


def test_tags_come_first_and_a_contradiction_is_recorded() -> None:
    tag = detect_text(b"// SPDX-License-Identifier: MIT OR Apache-2.0\n", "header", strict=True)
    assert (tag.expression, tag.evidence[0].rule) == ("MIT OR Apache-2.0", "spdx-tag")
    both = detect_text(b"SPDX-License-Identifier: MIT\n\n" + GPL_NOTICE, "header", strict=True)
    assert both.expression == "MIT AND GPL-2.0-or-later"
    assert both.conflict is not None
    unknown = detect_text(b"# SPDX-License-Identifier: Foo-Bar-9\n", "header", strict=True)
    assert unknown.expression == "LicenseRef-unlisted-Foo-Bar-9"
    assert unknown.needs_review

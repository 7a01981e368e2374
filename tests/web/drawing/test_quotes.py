from __future__ import annotations

import json

from drystone.answer.shapes import Citation
from drystone.web.drawing.quotes import quoted_place


def test_a_quote_is_drawn_in_its_lines_with_forms_and_addresses() -> None:
    cited = Citation(
        quote="8080\nor <b>", release="stones", version="1.0.0", root="0" * 64, repository="own/arch",
        origin="https://example.org/own/arch", revision=None, path="/doc/ports.md", lines=(12, 13), bytes=(100, 110),
        swhid="swh:1:cnt:" + "1" * 40 + ";lines=12-13", released_sha256="0" * 64, language=None, license="MIT", asks=(),
        attribution="own/arch.", date=None, prefix="# Ports\n\nThe server listens on ", suffix=", else\nnot.",
        permalink="drystone:cite?release=stones&start=100",
    )  # fmt: skip
    drawn = quoted_place(cited, "stones-1.0.0")
    assert drawn.lines == [
        (10, "# Ports", False),
        (11, "", False),
        (12, "The server listens on <mark>8080</mark>", True),
        (13, "<mark>or &lt;b&gt;</mark>, else", True),
        (14, "not.", False),
    ]
    assert drawn.file == "/releases/stones-1.0.0/files/swh:1:cnt:" + "1" * 40 + "%3Blines%3D12-13#L12"
    assert drawn.permalink == "/cite?release=stones&start=100"
    assert list(drawn.forms) == ["Text", "BibTeX", "CSL-JSON"]
    assert drawn.forms["BibTeX"].startswith("@misc{")
    assert json.loads(drawn.forms["CSL-JSON"])[0]["custom"]["path"] == "/doc/ports.md"

"""Permissive licence texts with one more sentence: a restriction, which must be seen, or one that takes nothing away.

`texts()` makes every text of the SPDX list's common permissive licences with every sentence below, before, inside and
behind it. The sentences are of the kinds that licences in use add (Commons Clause, non-AI, non-commercial, fields of
use, source to be published, fees, notices to the author), most in words of our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from drystone.detect.licenses.matching.references import facts

BASES = (
    "MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "BSL-1.0", "Zlib", "Unlicense", "0BSD", "PostgreSQL",
    "NCSA", "X11", "UPL-1.0", "PSF-2.0",
)  # fmt: skip
RESTRICTIONS = {
    "commons clause": (
        "\"Commons Clause\" License Condition v1.0\n\nWithout limiting other conditions in the License, the grant of "
        "rights under the License will not include, and the License does not grant to you, the right to Sell it."
    ),
    "training": "The Software may not be used to train machine learning models, nor be part of a data set for it.",
    "scraping": "Use of this code as training data for any generative artificial intelligence system is prohibited.",
    "opt out of ai": "This license does not permit text and data mining, or training language models on the Work.",
    "non-commercial": "This software may be used for non-commercial purposes only.",
    "commercial users": "Commercial users must obtain a separate license from the authors.",
    "no sale": "You may not sell this software, alone or as part of another product.",
    "small companies": "Companies with more than 50 employees need to buy a license before they use the software.",
    "academic": "Use is limited to academic research and teaching.",
    "personal": "The program is for personal use only.",
    "evaluation": "You may evaluate the software for thirty days; after that a license fee is due.",
    "no redistribution": "Redistribution of this software in any form is not permitted.",
    "no changes": "Modified versions must not be distributed.",
    "internal": "Licensees may use the software inside their organisation only and may not pass it on to others.",
    "hosting": "You may not provide the software to third parties as a hosted or managed service.",
    "competitors": "Competitors of the licensor are not allowed to use the software.",
    "military": "This software must not be used for military purposes.",
    "nuclear": "You acknowledge that this software is not designed, licensed or intended for use in the design, "
    "construction, operation or maintenance of any nuclear facility.",
    "weapons": "The use of this library in weapon systems is forbidden.",
    "surveillance": "No part of the software shall be used by organisations that conduct mass surveillance.",
    "human rights": "Permission is not granted to anyone who violates the Universal Declaration of Human Rights.",
    "good": "The Software shall be used for Good, not Evil.",
    "labour": "The licensee must strictly comply with all labor laws of its country; otherwise this license is void.",
    "fossil fuels": "The software may not be used by companies that extract coal, oil or gas.",
    "country": "Residents of embargoed countries are excluded from this license.",
    "government": "Government agencies may not use this software without a contract.",
    "source": "Anyone who distributes a program that uses this software must publish the complete source code of it.",
    "source of a service": "If you run a modified version on a server, you must make its source available to users.",
    "same terms": "Derivative works must be released under the same license.",
    "contribute back": "All modifications have to be sent to the author within one month.",
    "advertising": "All advertising materials mentioning features or use of this software must display the following "
    "acknowledgement: This product includes software developed by Marigold Instruments.",
    "credit": "Every product that uses the software must show the author's logo and a link to our site.",
    "citation": "Publications that use this software are required to cite our paper.",
    "postcard": "If you use this program you must send a postcard to the author.",
    "notify": "Users are required to inform the author by e-mail before they put the software into production.",
    "royalty": "A royalty of two percent of revenue is payable for products that include the software.",
    "donation": "Businesses must donate to the project before using it.",
    "patents": "If you bring a patent claim against anyone, your rights under this license terminate.",
    "registration": "The software can be used only after registration at our site.",
    "term": "This license expires one year after the release of the version.",
    "revocable": "The author may revoke this license at any time.",
    "platform": "The software may only be used together with devices made by Marigold Instruments.",
    "health": "This software shall not be used in medical devices or aircraft.",
    "crypto": "Use in connection with blockchain or NFT projects is prohibited.",
    "written consent": "Any other use requires the written consent of Marigold Instruments.",
    "agreement": "Use of the software is subject to the Marigold End User License Agreement.",
    "proprietary": "This software is proprietary to Marigold Instruments and contains trade secrets.",
}  # fmt: skip
#: What often stands beside a licence and takes nothing away.
HARMLESS = (
    "All rights reserved.",
    "Marigold is a small library for measuring fields.",
    "This project was started in 2014 at the University of Gent.",
    "Contributions are welcome; please read CONTRIBUTING.md first.",
    "See the file AUTHORS for a list of contributors.",
    "Marigold is a trademark of Marigold Instruments.",
    "For questions write to jane@marigold.example.",
    "The full text of the license follows.",
    "Commercial use is welcome.",
    "You may use it in commercial and non-commercial projects.",
)
_COPYRIGHT = re.compile(r"(?i)[ \t]*(?:portions )?(?:copyright|\(c\)|©)[ \t][^\n]{0,90}(?:\d{4}|Marigold)[^\n]{0,30}$")
_CLAIM = "Copyright (c) 2017, 2021 Marigold Instruments Ltd. All rights reserved."


def _positions(text: str, sentence: str) -> Iterator[str]:
    parts = re.split(r"\n[ \t]*\n", text)
    yield f"{sentence}\n\n{text}"
    middle = max(1, len(parts) // 2)
    yield "\n\n".join([*parts[:middle], sentence, *parts[middle:]])
    yield f"{text}\n\n{sentence}\n"


def base(identifier: str) -> str:
    """Return a licence's text as listed, with its blanks filled in."""
    text = re.sub(r"<year>|\[yyyy\]", "2021", facts()[identifier]["text"])
    return re.sub(r"<[^<>\n]{1,60}>|\[[^\[\]\n]{1,60}\]", "Marigold Instruments", text)


def another_holder(identifier: str) -> str:
    """Return a listed text with its blanks filled in and its copyright lines in another name."""
    lines = base(identifier).splitlines()
    return "\n".join(_CLAIM if _COPYRIGHT.match(line) else line for line in lines) + "\n"


def texts(sentences: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield (licence, name of the sentence, text) for every licence, sentence and position."""
    for identifier in BASES:
        for name, sentence in sentences.items():
            for text in _positions(base(identifier), sentence):
                yield identifier, name, text

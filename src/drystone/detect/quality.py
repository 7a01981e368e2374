"""Quality measures of texts: counts that a policy may judge by. Knows nothing of thresholds.

The measures are those of StarCoder2 (arXiv:2402.19173, section 4.1) and of The Stack v2's columns.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from drystone.detect._kernel import measure

#: Columns of `measures`, in order.
MEASURES: Final = pa.schema(
    [
        ("num_lines", pa.int64()),
        ("max_line_length", pa.int64()),
        ("avg_line_length", pa.float32()),
        ("alpha_fraction", pa.float32()),
        ("alphanum_fraction", pa.float32()),
        ("encoded_longest", pa.int64()),
        ("encoded_fraction", pa.float32()),
    ]
)


def measures(texts: pa.LargeBinaryArray) -> pa.RecordBatch:
    """Measure UTF-8 texts; one row each, with the columns of `MEASURES`.

    Lines end at LF, CR LF or CR; lengths count code points without line ends. `alpha_fraction` and
    `alphanum_fraction` are letters (and digits) over characters outside line ends; code points above ASCII count as
    letters but for blocks of symbols and punctuation. `encoded_longest` and `encoded_fraction` are the longest run
    (bytes) and the share of base64, hexadecimal or \\u-escaped data, whichever is largest.
    """
    count = len(texts)
    offsets = np.frombuffer(texts.buffers()[1], np.int64, count + 1, texts.offset * 8)
    values = texts.buffers()[2]
    data = np.frombuffer(values, np.uint8) if values is not None and values.size else np.empty(0, np.uint8)
    counts = np.empty((count, 6), np.int64)
    shares = np.empty(count, np.float64)
    measure(data, offsets, counts, shares)
    lines, longest, characters, letters, alphanumeric, encoded = counts.T
    per_character = 1.0 / np.maximum(characters, 1)
    columns = [
        lines,
        longest,
        (characters / np.maximum(lines, 1)).astype(np.float32),
        (letters * per_character).astype(np.float32),
        (alphanumeric * per_character).astype(np.float32),
        encoded,
        shares.astype(np.float32),
    ]
    arrays = [pa.array(np.ascontiguousarray(column)) for column in columns]
    return pa.record_batch(arrays, schema=MEASURES)


def visible_text(html: bytes) -> tuple[int, float]:
    """Return characters of visible text in an HTML document, and their share of the document's bytes.

    Scripts and styles are not visible. A document that the parser refuses has no visible text.
    """
    try:
        document = LexborHTMLParser(html)
        for node in document.css("script, style, template, noscript"):
            node.decompose()
        body = document.body
        text = body.text(separator=" ") if body is not None else ""
    except SelectolaxError:
        return 0, 0.0
    visible = len(" ".join(text.split()))
    return visible, visible / max(len(html), 1)

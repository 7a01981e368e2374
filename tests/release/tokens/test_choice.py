from __future__ import annotations

import pytest

from drystone.errors import UsageError
from drystone.release.exports.tokens.choice import TokenChoice, parse_special


def test_what_cannot_be_is_said() -> None:
    assert parse_special(["end=<pad>", "file_sep=a=b"]) == {"end": "<pad>", "file_sep": "a=b"}
    for wrong in ("ends=<pad>", "end=", "end", "end=a b"):
        with pytest.raises(UsageError, match="PART=TOKEN"):
            parse_special([wrong])
    for length in (0, 15, 1 << 23):
        with pytest.raises(UsageError, match="a sequence of"):
            TokenChoice(sequence_length=length)
    for rate in (-0.1, 1.1, float("nan")):
        with pytest.raises(UsageError, match="from 0 to 1"):
            TokenChoice(fim_rate=rate)

"""Secrets and personal data: bytes in, spans out; and the writing of text without them.

Knows nothing of releases or policies. A secret's text never leaves this package except as the bytes it came in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drystone._lazy import lazily

if TYPE_CHECKING:
    from drystone.detect.secrets.redaction import redact
    from drystone.detect.secrets.scanner import Scanner
    from drystone.detect.secrets.settings import KINDS, ScanSettings
    from drystone.detect.secrets.spans import Span

__all__ = ["KINDS", "ScanSettings", "Scanner", "Span", "redact"]

__getattr__ = lazily(
    __name__,
    {
        "KINDS": "drystone.detect.secrets.settings",
        "Scanner": "drystone.detect.secrets.scanner",
        "ScanSettings": "drystone.detect.secrets.settings",
        "Span": "drystone.detect.secrets.spans",
        "redact": "drystone.detect.secrets.redaction",
    },
)

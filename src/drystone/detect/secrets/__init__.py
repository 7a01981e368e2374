"""Secrets and personal data: bytes in, spans out; and the writing of text without them.

Knows nothing of releases or policies. A secret's text never leaves this package except as the bytes it came in.
"""

from drystone.detect.secrets.redaction import redact
from drystone.detect.secrets.scanner import Scanner
from drystone.detect.secrets.settings import KINDS, Settings
from drystone.detect.secrets.spans import Span

__all__ = ["KINDS", "Scanner", "Settings", "Span", "redact"]

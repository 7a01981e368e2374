"""Extractive question answering: load a checkpoint, answer with verbatim spans, measure, export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drystone._lazy import lazily

if TYPE_CHECKING:
    from drystone.reader.reader import Reader
    from drystone.reader.spans.decode import Answer

__all__ = ["Answer", "Reader"]

__getattr__ = lazily(__name__, {"Answer": "drystone.reader.spans.decode", "Reader": "drystone.reader.reader"})

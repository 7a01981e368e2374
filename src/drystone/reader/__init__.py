"""Extractive question answering: load a checkpoint, answer with verbatim spans, measure, export."""

from drystone.reader.reader import Reader
from drystone.reader.spans.decode import Answer

__all__ = ["Answer", "Reader"]

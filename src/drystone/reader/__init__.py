"""Extractive question answering: load a checkpoint, answer with verbatim spans, measure, export."""

from drystone.reader.decode import Answer
from drystone.reader.reader import Reader

__all__ = ["Answer", "Reader"]

"""Extractive question answering: load a checkpoint, answer with verbatim spans, measure, export."""

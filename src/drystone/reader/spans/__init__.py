"""Texts as tokens, questions and contexts as windows, logits as spans."""

"""Answers from a text, and the models that give them."""

"""Passports made from what is there: releases, readers, cards of a hub, other catalogs. Compares nothing.

What a source does not say is unknown in the passport; nothing is guessed.
"""

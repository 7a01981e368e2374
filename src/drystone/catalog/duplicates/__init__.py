"""Artifacts that are listed twice: found by hashes, addresses and names, and made one with both names kept.

Knows no ranks. What is only alike is not one: a copy, a fork or another size of a thing is a thing of its own.
"""

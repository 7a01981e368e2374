"""Measures datasets and readers as they lie there, on a sample that is named: facts for passports, with intervals.

Knows no catalog and no rank.
"""

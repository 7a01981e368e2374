"""The ground room of work: tasks and what does them, done files, whole files, ranges of ids, sorted runs.

Knows nothing of code datasets.
"""

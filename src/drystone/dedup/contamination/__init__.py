"""What a text has of known benchmarks: their formats, which tasks a text holds, and the lines that show it.

Knows texts and benchmarks, nothing of repositories, builds or decisions.
"""

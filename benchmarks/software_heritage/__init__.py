"""Figures of the Software Heritage source: paths, memory, contents."""

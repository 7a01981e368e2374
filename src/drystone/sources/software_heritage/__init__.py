"""Exports of the Software Heritage graph as sources."""

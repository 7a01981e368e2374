"""Annotations and registry in, decision out: the only room that says `dropped`."""

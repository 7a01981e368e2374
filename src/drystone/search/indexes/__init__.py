"""The files of an index: which there are, the list of copies, and whether they hold."""

"""What a search gives: files with their lines, the forms that programs read, and what shells offer. Knows no index."""

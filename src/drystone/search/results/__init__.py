"""What a search gives: files with their lines, and the forms that programs read. Knows no index."""

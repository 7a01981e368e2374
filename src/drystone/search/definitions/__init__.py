"""Which names a file defines: by keywords at the beginning of lines, or by parsing. Knows no release."""

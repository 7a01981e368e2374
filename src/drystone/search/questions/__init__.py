"""Which files and passages fit words best, and why. Knows segments; knows no query."""

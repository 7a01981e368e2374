"""What a release's maker leaves out by choice: files that scanners object to, benchmarks' tasks, filters in SQL."""

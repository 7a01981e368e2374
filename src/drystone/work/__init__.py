"""The ground room of work: tasks, worker processes, done files, whole files, ranges, sorted runs. Knows nothing of code datasets."""

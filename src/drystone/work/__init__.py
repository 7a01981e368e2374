"""The ground room of work: tasks, workers, checkpoints, ranges, sorted runs. Knows nothing of code datasets."""

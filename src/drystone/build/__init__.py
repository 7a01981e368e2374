"""The plan of a build: stages, partitions, checkpoints, engine."""

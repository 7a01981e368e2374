"""The figures of what a training run takes from a release; each row of the table is in a module with `figures(quick)`."""

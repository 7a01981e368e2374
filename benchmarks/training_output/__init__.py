"""The figures of what a training run takes from a release; each is in a module with `figures(quick)`."""

"""From one version of a release to the next, and what falls on the way."""

"""Artifacts side by side: which capabilities are one job, and who does it better by which facts."""

"""The event log, and the proof that the registry is what it says."""

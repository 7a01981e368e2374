"""Near duplicates: sketches, candidates, verification and choice. Knows ids and texts, nothing of builds."""

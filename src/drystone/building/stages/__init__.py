"""What each stage of a build does with one task; the plan says what follows what."""

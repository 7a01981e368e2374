"""What opt-outs mean for a build's stages: occurrences that are marked, copies in other forms, contents too common."""

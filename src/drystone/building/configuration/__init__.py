"""What a build can be told: the tables of a settings file, and a first file."""

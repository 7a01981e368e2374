"""A mixture: some of the kept files of a release, by language, licence or score, as a release of its own."""

"""The figures of sources; each section of the table is a module with `figures(quick)`."""

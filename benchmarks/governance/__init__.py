"""The figures of governance; each row of the table is a module with `figures(quick)`."""

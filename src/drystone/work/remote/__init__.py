"""Work in an object store: its objects, folders that mirror them on each host, and one holder at a time."""

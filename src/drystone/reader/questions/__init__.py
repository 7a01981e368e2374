"""Questions made without labels, from what documentation and code say of themselves."""

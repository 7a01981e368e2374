"""`python -m drystone`."""

from drystone.cli import main

main()

"""`python -m idp` is the command line."""

from idp.cli import main

main()

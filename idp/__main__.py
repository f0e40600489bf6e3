"""`python -m idp` is the command line."""

import gc

gc.disable()  # nothing that is loaded becomes garbage: a fifth of the start

from idp.commands.cli import main  # noqa: E402

gc.enable()
main()

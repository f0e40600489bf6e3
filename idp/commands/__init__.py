"""The command line: what it is put together of, and the commands that belong to no room."""

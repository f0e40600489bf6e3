"""A thing that is missing, said in words that tell what to do about it."""


class Problem(Exception):
    """Ends the command with its message and no traceback."""

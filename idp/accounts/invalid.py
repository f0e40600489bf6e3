"""What is raised when something about an account breaks a rule."""


class InvalidAccount(ValueError):
    """A field breaks a rule; the message names field and rule, never the value."""

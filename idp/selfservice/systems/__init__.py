"""The systems that a person uses, and where they are logged in."""
